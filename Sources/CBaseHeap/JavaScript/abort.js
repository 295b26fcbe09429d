// AbortController and AbortSignal. A signal that was given a time-out is aborted while a run lasts;
// the run does not wait for it, and no time passes between runs.
(function (host, shared) {
    'use strict';

    const { apply, newList, symbolIterator, TypeError } = shared.primordials;
    const { isObject, without } = shared.lookups;
    const { DOMException, expose, illegal, requireCount } = shared.web;
    const { addListener, EventTarget, fire } = shared.events;

    const delayMax = 2 ** 53 - 1;
    // What only this file can give a constructor that scripts must not call.
    const token = { __proto__: null };
    let abort;
    let isSignal;

    class AbortSignal extends EventTarget {
        #isAborted = false;
        #reason;
        #algorithms = newList();
        #dependents = newList();
        #sources = newList();
        #handler = null;
        #hasListener = false;
        static {
            isSignal = (value) => isObject(value) && #isAborted in value;
            abort = (signal, reason) => signal.#abort(reason);
            // Returns a function that forgets the algorithm again.
            shared.onAbort = (signal, algorithm) => {
                signal.#algorithms[signal.#algorithms.length] = algorithm;
                return () => {
                    signal.#algorithms = without(signal.#algorithms, (each) => each === algorithm);
                };
            };
            shared.abortSignal = abort;
            shared.newSignal = () => new AbortSignal(token);
        }
        constructor(key = undefined) {
            if (key !== token) throw illegal();
            super();
        }
        static abort(reason = undefined) {
            const signal = new AbortSignal(token);
            signal.#isAborted = true;
            signal.#reason = reasonOf(reason);
            return signal;
        }
        static timeout(milliseconds) {
            requireCount('AbortSignal.timeout', arguments, 1);
            const delay = +milliseconds;
            if (!(delay >= 0 && delay <= delayMax)) {
                throw new TypeError('The time-out must be a number of milliseconds');
            }
            const signal = new AbortSignal(token);
            shared.timers.addInBackground(() => {
                signal.#abort(new DOMException('The operation timed out.', 'TimeoutError'));
            }, delay);
            return signal;
        }
        static any(signals) {
            requireCount('AbortSignal.any', arguments, 1);
            if (!isObject(signals) || typeof signals[symbolIterator] !== 'function') {
                throw new TypeError('The signals must be iterable');
            }
            const sources = newList();
            for (const source of signals) {
                if (!isSignal(source)) throw new TypeError('Not an AbortSignal');
                sources[sources.length] = source;
            }
            const signal = new AbortSignal(token);
            for (let index = 0; index < sources.length; index++) {
                if (!sources[index].#isAborted) continue;
                signal.#isAborted = true;
                signal.#reason = sources[index].#reason;
                return signal;
            }
            for (let index = 0; index < sources.length; index++) signal.#follow(sources[index]);
            return signal;
        }
        get aborted() { return this.#isAborted; }
        get reason() { return this.#reason; }
        get onabort() { return this.#handler; }
        set onabort(value) {
            this.#handler = isObject(value) ? value : null;
            if (this.#hasListener || this.#handler === null) return;
            this.#hasListener = true;
            const callback = (event) => {
                if (typeof this.#handler === 'function') apply(this.#handler, this, [event]);
            };
            addListener(this, {
                __proto__: null, type: 'abort', callback, capture: false, once: false,
                passive: false, isRemoved: false,
            });
        }
        throwIfAborted() {
            if (this.#isAborted) throw this.#reason;
        }
        #follow(source) {
            if (source.#sources.length === 0) {
                source.#dependents[source.#dependents.length] = this;
                this.#sources[this.#sources.length] = source;
                return;
            }
            const sources = source.#sources;
            for (let index = 0; index < sources.length; index++) this.#follow(sources[index]);
        }
        #abort(reason) {
            if (this.#isAborted) return;
            this.#isAborted = true;
            this.#reason = reasonOf(reason);
            const dependents = this.#dependents;
            const aborted = newList();
            for (let index = 0; index < dependents.length; index++) {
                const dependent = dependents[index];
                if (dependent.#isAborted) continue;
                dependent.#isAborted = true;
                dependent.#reason = this.#reason;
                aborted[aborted.length] = dependent;
            }
            this.#run();
            for (let index = 0; index < aborted.length; index++) aborted[index].#run();
        }
        #run() {
            const algorithms = this.#algorithms;
            this.#algorithms = newList();
            this.#dependents = newList();
            this.#sources = newList();
            for (let index = 0; index < algorithms.length; index++) algorithms[index]();
            fire(this, 'abort');
        }
    }

    const reasonOf = (reason) =>
        (reason === undefined
            ? new DOMException('This operation was aborted', 'AbortError') : reason);

    let isController;

    class AbortController {
        #signal = new AbortSignal(token);
        static {
            isController = (value) => isObject(value) && #signal in value;
        }
        get signal() { return this.#signal; }
        abort(reason = undefined) { abort(this.#signal, reason); }
    }

    expose('AbortSignal', AbortSignal, isSignal, () => ['aborted']);
    expose('AbortController', AbortController, isController, () => ['signal']);
    shared.isSignal = isSignal;
})
