// pipeTo and pipeThrough of ReadableStream.
(function (host, shared) {
    'use strict';

    shared.load('streams-readable.js');
    shared.load('streams-writable.js');
    const { newList, promiseThen, TypeError } = shared.primordials;
    const { dictionaryOf } = shared.web;
    const { deferred, ignore, promiseOf, rejectedWith, resolvedWith } = shared.streams;
    const { readable, writable } = shared;

    /** The options, read in the order of their names. */
    function optionsOf(value) {
        const options = dictionaryOf(value);
        const preventAbort = !!options.preventAbort;
        const preventCancel = !!options.preventCancel;
        const preventClose = !!options.preventClose;
        const { signal } = options;
        if (signal !== undefined && !shared.isSignal(signal)) {
            throw new TypeError('The signal must be an AbortSignal');
        }
        return { __proto__: null, preventAbort, preventCancel, preventClose, signal };
    }

    /** The first rejection of several, or undefined when all are fulfilled. */
    function all(actions) {
        const made = deferred();
        let left = actions.length;
        if (left === 0) made.resolve(undefined);
        for (let index = 0; index < actions.length; index++) {
            promiseThen(actions[index](), () => {
                if (--left === 0) made.resolve(undefined);
            }, made.reject);
        }
        return made.promise;
    }

    /** Both ends of a pipe while it runs. */
    class Pipe {
        #source;
        #sink;
        #reader;
        #writer;
        #options;
        #done = deferred();
        #isEnding = false;
        #lastWrite = resolvedWith(undefined);
        #stopListening;

        constructor(source, sink, options) {
            this.#source = source;
            this.#sink = sink;
            this.#options = options;
            this.#reader = readable.acquire(source);
            this.#writer = writable.acquire(sink);
            source.isDisturbed = true;
        }

        run() {
            const { signal } = this.#options;
            if (signal !== undefined) {
                const abort = () => this.#abort(signal.reason);
                if (signal.aborted) {
                    abort();
                    return this.#done.promise;
                }
                this.#stopListening = shared.onAbort(signal, abort);
            }
            this.#watch();
            this.#step();
            return this.#done.promise;
        }

        #abort(reason) {
            const { preventAbort, preventCancel } = this.#options;
            const actions = newList();
            if (!preventAbort) {
                actions[actions.length] = () => (this.#sink.state === 'writable'
                    ? writable.abort(this.#sink, reason) : resolvedWith(undefined));
            }
            if (!preventCancel) {
                actions[actions.length] = () => (this.#source.state === 'readable'
                    ? readable.cancel(this.#source, reason) : resolvedWith(undefined));
            }
            this.#end(() => all(actions), true, reason);
        }

        /** Ends the pipe as soon as one of its ends does. */
        #watch() {
            const { preventAbort, preventCancel, preventClose } = this.#options;
            const onError = (isErrored, error, promise, end) => {
                if (isErrored) end(error());
                else promiseThen(promise, undefined, end);
            };
            const source = this.#source;
            const sink = this.#sink;
            onError(source.state === 'errored', () => source.error, this.#reader.closed.promise,
                (error) => this.#end(
                    preventAbort ? undefined : () => writable.abort(sink, error), true, error));
            onError(sink.state === 'errored', () => sink.error, this.#writer.closed.promise,
                (error) => this.#end(
                    preventCancel ? undefined : () => readable.cancel(source, error), true, error));
            const onClosed = () => this.#end(
                preventClose ? undefined : () => this.#closeSink(), false);
            if (source.state === 'closed') onClosed();
            else promiseThen(this.#reader.closed.promise, onClosed, () => {});
            if (!writable.isClosing(sink) && sink.state !== 'closed') return;
            const error = new TypeError('The destination is closed');
            this.#end(
                preventCancel ? undefined : () => readable.cancel(source, error), true, error);
        }

        #closeSink() {
            const sink = this.#sink;
            if (writable.isClosing(sink) || sink.state === 'closed') return resolvedWith(undefined);
            return sink.state === 'errored' ? rejectedWith(sink.error) : writable.close(sink);
        }

        /** Reads and writes one chunk after the other. */
        #step() {
            if (this.#isEnding) return;
            promiseThen(this.#writer.ready.promise, () => {
                if (this.#isEnding) return;
                readable.read(this.#source, {
                    __proto__: null,
                    chunk: (chunk) => {
                        // Not at once: what reads may be in the middle of something.
                        this.#lastWrite = promiseThen(resolvedWith(undefined), () => {
                            if (this.#writer.stream === undefined) return undefined;
                            return ignore(writable.write(this.#writer, chunk));
                        });
                        ignore(this.#lastWrite);
                        promiseThen(resolvedWith(undefined), () => this.#step());
                    },
                    close: () => {},
                    error: () => {},
                });
            }, () => {});
        }

        /** Waits for what was read to be written, acts, and lets go of both ends. */
        #end(action, isFailure, error) {
            if (this.#isEnding) return;
            this.#isEnding = true;
            const finish = (failed, reason) => {
                writable.release(this.#writer);
                readable.release(this.#reader);
                this.#stopListening?.();
                if (failed) this.#done.reject(reason);
                else this.#done.resolve(undefined);
            };
            const act = () => {
                if (action === undefined) return finish(isFailure, error);
                return promiseThen(promiseOf(action), () => finish(isFailure, error),
                    (reason) => finish(true, reason));
            };
            const isOpen = this.#sink.state === 'writable' && !writable.isClosing(this.#sink);
            if (isOpen) this.#afterWrites(act);
            else act();
        }

        #afterWrites(act) {
            const last = this.#lastWrite;
            const then = () => (last === this.#lastWrite ? act() : this.#afterWrites(act));
            promiseThen(last, then, then);
        }
    }

    shared.pipeTo = (source, destination, options) => {
        if (!writable.isWritable(destination)) {
            throw new TypeError('The destination must be a WritableStream');
        }
        const read = optionsOf(options);
        if (source.locked || destination.locked) throw new TypeError('A stream is locked');
        const from = readable.recordOf(source);
        return new Pipe(from, writable.recordOf(destination), read).run();
    };

    shared.pipeThrough = (source, transform, options) => {
        const pair = dictionaryOf(transform);
        const { readable: output } = pair;
        if (!readable.isReadable(output)) throw new TypeError('readable must be a ReadableStream');
        const { writable: input } = pair;
        if (!writable.isWritable(input)) throw new TypeError('writable must be a WritableStream');
        const read = optionsOf(options);
        if (source.locked || input.locked) throw new TypeError('A stream is locked');
        const pipe = new Pipe(readable.recordOf(source), writable.recordOf(input), read);
        ignore(pipe.run());
        return output;
    };
})
