// Event, CustomEvent and EventTarget of the DOM Standard, for targets that have no parents.
(function (host, shared) {
    'use strict';

    const {
        apply, defineProperty, newList, toArray, TypeError,
    } = shared.primordials;
    const { isObject, ownDescriptorOf } = shared.lookups;
    const {
        dictionaryOf, DOMException, expose, requireCount,
    } = shared.web;

    const phases = ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'];

    /** The event's own state, which only this file may change. */
    let stateOf;
    let isEvent;

    class Event {
        #state = {
            __proto__: null, type: '', bubbles: false, cancelable: false, composed: false,
            isTrusted: false, target: null, currentTarget: null, isDispatched: false,
            isStopped: false, isStoppedAtOnce: false, isCanceled: false, isPassive: false,
            timeStamp: shared.elapsed(),
        };
        static {
            stateOf = (event) => event.#state;
            isEvent = (value) => isObject(value) && #state in value;
        }
        constructor(type, options = undefined) {
            requireCount('Event', arguments, 1);
            const { bubbles, cancelable, composed } = dictionaryOf(options);
            const state = this.#state;
            state.type = `${type}`;
            state.bubbles = !!bubbles;
            state.cancelable = !!cancelable;
            state.composed = !!composed;
            defineProperty(this, 'isTrusted', trustedDescriptor);
        }
        get type() { return this.#state.type; }
        get target() { return this.#state.target; }
        get srcElement() { return this.#state.target; }
        get currentTarget() { return this.#state.currentTarget; }
        get eventPhase() { return this.#state.isDispatched ? 2 : 0; }
        get bubbles() { return this.#state.bubbles; }
        get cancelable() { return this.#state.cancelable; }
        get composed() { return this.#state.composed; }
        get defaultPrevented() { return this.#state.isCanceled; }
        get timeStamp() { return this.#state.timeStamp; }
        get cancelBubble() { return this.#state.isStopped; }
        set cancelBubble(value) { if (value) this.#state.isStopped = true; }
        get returnValue() { return !this.#state.isCanceled; }
        set returnValue(value) { if (!value) this.preventDefault(); }
        composedPath() {
            const path = newList();
            const state = this.#state;
            if (state.currentTarget !== null) path[0] = state.currentTarget;
            return toArray(path);
        }
        stopPropagation() { this.#state.isStopped = true; }
        stopImmediatePropagation() {
            this.#state.isStopped = true;
            this.#state.isStoppedAtOnce = true;
        }
        preventDefault() {
            const state = this.#state;
            if (state.cancelable && !state.isPassive) state.isCanceled = true;
        }
        initEvent(type, bubbles = false, cancelable = false) {
            requireCount('initEvent', arguments, 1);
            const state = this.#state;
            if (state.isDispatched) return;
            state.type = `${type}`;
            state.bubbles = !!bubbles;
            state.cancelable = !!cancelable;
            state.isStopped = false;
            state.isStoppedAtOnce = false;
            state.isCanceled = false;
        }
    }

    const trustedDescriptor = ownDescriptorOf({
        get isTrusted() { return stateOf(this).isTrusted; },
    }, 'isTrusted');
    trustedDescriptor.configurable = false;

    for (let index = 0; index < phases.length; index++) {
        const descriptor = {
            __proto__: null, value: index, writable: false, enumerable: true, configurable: false,
        };
        defineProperty(Event, phases[index], descriptor);
        defineProperty(Event.prototype, phases[index], descriptor);
    }
    const eventSummary = ['type', 'defaultPrevented', 'cancelable', 'timeStamp'];
    expose('Event', Event, isEvent, () => eventSummary);

    class CustomEvent extends Event {
        #detail;
        constructor(type, options = undefined) {
            super(type, options);
            this.#detail = dictionaryOf(options).detail ?? null;
        }
        get detail() { return this.#detail; }
        initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
            this.initEvent(type, bubbles, cancelable);
            if (!stateOf(this).isDispatched) this.#detail = detail;
        }
    }
    expose('CustomEvent', CustomEvent);

    function callListener(listener, event) {
        const { callback } = listener;
        try {
            if (typeof callback === 'function') {
                apply(callback, event.currentTarget, [event]);
                return;
            }
            const { handleEvent } = callback;
            if (typeof handleEvent !== 'function') {
                throw new TypeError('handleEvent is not a function');
            }
            apply(handleEvent, callback, [event]);
        } catch (error) {
            shared.timers.report(error);
        }
    }

    const captureOf = (options) =>
        !!(isObject(options) ? options.capture : options);

    let listenersOf;
    let isTarget;

    class EventTarget {
        #listeners = newList();
        static {
            listenersOf = (target) => target.#listeners;
            isTarget = (value) => isObject(value) && #listeners in value;
        }
        addEventListener(type, callback, options = undefined) {
            requireCount('addEventListener', arguments, 2);
            const { once, passive, signal } = isObject(options) ? options : { __proto__: null };
            addListener(this ?? globalThis, {
                __proto__: null, type: `${type}`, callback, capture: captureOf(options),
                once: !!once, passive: !!passive, isRemoved: false,
            }, signal);
        }
        removeEventListener(type, callback, options = undefined) {
            requireCount('removeEventListener', arguments, 2);
            const listeners = this.#listeners;
            const name = `${type}`;
            const index = indexOfListener(listeners, name, callback, captureOf(options));
            if (index >= 0) removeListener(listeners, index);
        }
        dispatchEvent(event) {
            requireCount('dispatchEvent', arguments, 1);
            const listeners = this.#listeners;
            if (!isEvent(event)) throw new TypeError('The argument must be an Event');
            const state = stateOf(event);
            if (state.isDispatched) {
                throw new DOMException('It is being dispatched already', 'InvalidStateError');
            }
            state.isTrusted = false;
            dispatch(this, listeners, event, state);
            return !state.isCanceled;
        }
    }
    expose('EventTarget', EventTarget, isTarget);

    function indexOfListener(listeners, type, callback, capture) {
        for (let index = 0; index < listeners.length; index++) {
            const listener = listeners[index];
            const isSame = listener.type === type && listener.callback === callback &&
                listener.capture === capture;
            if (isSame) return index;
        }
        return -1;
    }

    function removeListener(listeners, index) {
        listeners[index].isRemoved = true;
        for (; index < listeners.length - 1; index++) listeners[index] = listeners[index + 1];
        listeners.length -= 1;
    }

    function addListener(target, listener, signal) {
        const listeners = listenersOf(target);
        const { callback, capture, type } = listener;
        if (callback !== undefined && callback !== null && !isObject(callback)) {
            throw new TypeError('The listener must be a function or an object');
        }
        if (signal !== undefined && !shared.isSignal(signal)) {
            throw new TypeError('The signal must be an AbortSignal');
        }
        if (callback === undefined || callback === null || signal?.aborted) return;
        if (indexOfListener(listeners, type, callback, capture) >= 0) return;
        listeners[listeners.length] = listener;
        if (signal === undefined) return;
        shared.onAbort(signal, () => {
            const index = indexOfListener(listeners, type, callback, capture);
            if (index >= 0) removeListener(listeners, index);
        });
    }

    /** Calls the listeners that were there at the start and are still there at their turn. */
    function dispatch(target, listeners, event, state) {
        state.isDispatched = true;
        state.target = target;
        state.currentTarget = target;
        const found = newList();
        for (let index = 0; index < listeners.length; index++) {
            if (listeners[index].type === state.type) found[found.length] = listeners[index];
        }
        callListeners(listeners, found, event, state, true);
        if (!state.isStopped) callListeners(listeners, found, event, state, false);
        state.isDispatched = false;
        state.currentTarget = null;
        state.isStopped = false;
        state.isStoppedAtOnce = false;
    }

    function callListeners(listeners, found, event, state, capture) {
        for (let index = 0; index < found.length && !state.isStoppedAtOnce; index++) {
            const listener = found[index];
            if (listener.isRemoved || listener.capture !== capture) continue;
            if (listener.once) {
                const { type, callback } = listener;
                removeListener(listeners, indexOfListener(listeners, type, callback, capture));
            }
            state.isPassive = listener.passive;
            callListener(listener, event);
            state.isPassive = false;
        }
    }

    /** Dispatches an event of the platform's own. */
    function fire(target, type) {
        const event = new Event(type);
        const state = stateOf(event);
        state.isTrusted = true;
        dispatch(target, listenersOf(target), event, state);
    }

    shared.events = { __proto__: null, EventTarget, addListener, fire };
})
