// WritableStream with its writer and its controller.
(function (host, shared) {
    'use strict';

    shared.load('streams.js');
    const { newList, promiseThen, RangeError, TypeError } = shared.primordials;
    const { isObject } = shared.lookups;
    const { illegal, offer, requireCount } = shared.web;
    const {
        checkMark, deferred, ignore, methodOf, nothing, promiseOf, rejectedWith, resolvedWith,
        SizedQueue, strategyOf, takeFirst, underlying,
    } = shared.streams;

    const token = { __proto__: null };
    // What stands in a queue for the end of its stream.
    const closeMark = { __proto__: null };
    let recordOf;
    let isWritable;
    let isWriter;

    const newRecord = () => ({
        __proto__: null, state: 'writable', error: undefined, writer: undefined,
        controller: undefined, isBlocked: false, writes: newList(), currentWrite: undefined,
        close: undefined, currentClose: undefined, abort: undefined,
    });

    const isClosing = (stream) => stream.close !== undefined || stream.currentClose !== undefined;

    function rejectReady(writer, error) {
        if (writer.isReady) writer.ready = deferred();
        writer.isReady = true;
        writer.ready.reject(error);
        ignore(writer.ready.promise);
    }

    function rejectCloseAndClosed(stream) {
        if (stream.close !== undefined) {
            stream.close.reject(stream.error);
            stream.close = undefined;
        }
        if (stream.writer === undefined) return;
        stream.writer.closed.reject(stream.error);
        ignore(stream.writer.closed.promise);
    }

    function startErroring(stream, error) {
        stream.state = 'erroring';
        stream.error = error;
        if (stream.writer !== undefined) rejectReady(stream.writer, error);
        const isBusy = stream.currentWrite !== undefined || stream.currentClose !== undefined;
        if (!isBusy && stream.controller.isStarted) finishErroring(stream);
    }

    function finishErroring(stream) {
        stream.state = 'errored';
        stream.controller.queue.clear();
        const { writes } = stream;
        stream.writes = newList();
        for (let index = 0; index < writes.length; index++) writes[index].reject(stream.error);
        const { abort } = stream;
        stream.abort = undefined;
        if (abort === undefined) return rejectCloseAndClosed(stream);
        if (abort.wasErroring) {
            abort.reject(stream.error);
            return rejectCloseAndClosed(stream);
        }
        const result = stream.controller.abort(abort.reason);
        clearAlgorithms(stream.controller);
        promiseThen(result, () => {
            abort.resolve(undefined);
            rejectCloseAndClosed(stream);
        }, (error) => {
            abort.reject(error);
            rejectCloseAndClosed(stream);
        });
    }

    function dealWith(stream, error) {
        if (stream.state === 'writable') startErroring(stream, error);
        else if (stream.state === 'erroring') finishErroring(stream);
    }

    function failIfNeeded(controller, error) {
        if (controller.stream.state === 'writable') failController(controller, error);
    }

    function failController(controller, error) {
        clearAlgorithms(controller);
        startErroring(controller.stream, error);
    }

    function clearAlgorithms(controller) {
        controller.write = undefined;
        controller.close = undefined;
        controller.abort = undefined;
        controller.size = undefined;
    }

    const desiredSizeOf = (controller) => controller.mark - controller.queue.total;

    function updateBlocked(stream, isBlocked) {
        const { writer } = stream;
        if (writer !== undefined && isBlocked !== stream.isBlocked) {
            if (isBlocked) {
                writer.ready = deferred();
                writer.isReady = false;
            } else {
                writer.ready.resolve(undefined);
                writer.isReady = true;
            }
        }
        stream.isBlocked = isBlocked;
    }

    function advance(controller) {
        const { queue, stream } = controller;
        if (!controller.isStarted || stream.currentWrite !== undefined) return;
        if (stream.state === 'erroring') return finishErroring(stream);
        if (queue.length === 0) return;
        if (queue.front === closeMark) processClose(controller);
        else processWrite(controller, queue.front);
    }

    function processClose(controller) {
        const { stream } = controller;
        stream.currentClose = stream.close;
        stream.close = undefined;
        controller.queue.take();
        const result = controller.close();
        clearAlgorithms(controller);
        promiseThen(result, () => {
            stream.currentClose.resolve(undefined);
            stream.currentClose = undefined;
            if (stream.state === 'erroring') {
                stream.error = undefined;
                stream.abort?.resolve(undefined);
                stream.abort = undefined;
            }
            stream.state = 'closed';
            stream.writer?.closed.resolve(undefined);
        }, (error) => {
            stream.currentClose.reject(error);
            stream.currentClose = undefined;
            stream.abort?.reject(error);
            stream.abort = undefined;
            dealWith(stream, error);
        });
    }

    function processWrite(controller, chunk) {
        const { queue, stream } = controller;
        stream.currentWrite = takeFirst(stream.writes);
        promiseThen(controller.write(chunk), () => {
            stream.currentWrite.resolve(undefined);
            stream.currentWrite = undefined;
            queue.take();
            if (!isClosing(stream) && stream.state === 'writable') {
                updateBlocked(stream, desiredSizeOf(controller) <= 0);
            }
            advance(controller);
        }, (error) => {
            if (stream.state === 'writable') clearAlgorithms(controller);
            stream.currentWrite.reject(error);
            stream.currentWrite = undefined;
            dealWith(stream, error);
        });
    }

    function sizeOf(controller, chunk) {
        if (controller.size === undefined) return 1;
        try {
            return controller.size(chunk);
        } catch (error) {
            failIfNeeded(controller, error);
            return 1;
        }
    }

    function write(writer, chunk) {
        const { stream } = writer;
        const { controller } = stream;
        const size = sizeOf(controller, chunk);
        if (writer.stream !== stream) return released();
        if (stream.state === 'errored') return rejectedWith(stream.error);
        if (isClosing(stream) || stream.state === 'closed') {
            return rejectedWith(new TypeError('The stream is closed or closing'));
        }
        if (stream.state === 'erroring') return rejectedWith(stream.error);
        const made = deferred();
        stream.writes[stream.writes.length] = made;
        try {
            controller.queue.add(chunk, size);
        } catch (error) {
            failIfNeeded(controller, error);
            return made.promise;
        }
        if (!isClosing(stream) && stream.state === 'writable') {
            updateBlocked(stream, desiredSizeOf(controller) <= 0);
        }
        advance(controller);
        return made.promise;
    }

    function close(stream) {
        if (stream.state === 'closed' || stream.state === 'errored') {
            return rejectedWith(new TypeError(`The stream is ${stream.state} already`));
        }
        stream.close = deferred();
        const { promise } = stream.close;
        if (stream.writer !== undefined && stream.isBlocked && stream.state === 'writable') {
            stream.writer.ready.resolve(undefined);
            stream.writer.isReady = true;
        }
        stream.controller.queue.add(closeMark, 0);
        advance(stream.controller);
        return promise;
    }

    function abort(stream, reason) {
        if (stream.state === 'closed' || stream.state === 'errored') return resolvedWith(undefined);
        shared.abortSignal(stream.controller.signal, reason);
        if (stream.state === 'closed' || stream.state === 'errored') return resolvedWith(undefined);
        if (stream.abort !== undefined) return stream.abort.promise;
        const wasErroring = stream.state === 'erroring';
        const made = deferred();
        made.wasErroring = wasErroring;
        made.reason = wasErroring ? undefined : reason;
        stream.abort = made;
        if (!wasErroring) startErroring(stream, reason);
        return made.promise;
    }

    /** Gives a stream its controller. `start` is called with its object. */
    function setUp(stream, algorithms) {
        const { start, mark } = algorithms;
        const controller = {
            __proto__: null, stream, queue: new SizedQueue(), isStarted: false, mark,
            size: algorithms.size, write: algorithms.write, close: algorithms.close,
            abort: algorithms.abort, signal: shared.newSignal(),
        };
        stream.controller = controller;
        controller.object = new WritableStreamDefaultController(token, controller);
        updateBlocked(stream, desiredSizeOf(controller) <= 0);
        promiseThen(resolvedWith(start(controller.object)), () => {
            controller.isStarted = true;
            advance(controller);
        }, (error) => {
            controller.isStarted = true;
            dealWith(stream, error);
        });
    }

    class WritableStreamDefaultController {
        #record;
        constructor(key = undefined, record = undefined) {
            if (key !== token) throw illegal();
            this.#record = record;
        }
        get signal() { return this.#record.signal; }
        error(error = undefined) { failIfNeeded(this.#record, error); }
    }
    offer('WritableStreamDefaultController', WritableStreamDefaultController);

    function acquire(stream) {
        if (stream.writer !== undefined) throw new TypeError('The stream is locked');
        const writer = {
            __proto__: null, stream, closed: deferred(), ready: deferred(), isReady: false,
        };
        stream.writer = writer;
        const isBlocked = stream.state === 'writable' && !isClosing(stream) && stream.isBlocked;
        if (stream.state === 'erroring' || stream.state === 'errored') {
            rejectReady(writer, stream.error);
        } else if (!isBlocked) {
            writer.ready.resolve(undefined);
            writer.isReady = true;
        }
        if (stream.state === 'closed') writer.closed.resolve(undefined);
        if (stream.state === 'errored') {
            writer.closed.reject(stream.error);
            ignore(writer.closed.promise);
        }
        return writer;
    }

    function release(writer) {
        const { stream } = writer;
        const error = new TypeError('The writer was released');
        rejectReady(writer, error);
        if (writer.closed.isSettled) writer.closed = deferred();
        writer.closed.reject(error);
        ignore(writer.closed.promise);
        stream.writer = undefined;
        writer.stream = undefined;
    }

    const released = () => rejectedWith(new TypeError('The writer has no stream any more'));
    const illegalUse = () => rejectedWith(new TypeError('Illegal invocation'));

    function desiredSize(stream) {
        if (stream.state === 'errored' || stream.state === 'erroring') return null;
        return stream.state === 'closed' ? 0 : desiredSizeOf(stream.controller);
    }

    class WritableStreamDefaultWriter {
        #record;
        static {
            isWriter = (value) => isObject(value) && #record in value;
        }
        constructor(stream) {
            requireCount('WritableStreamDefaultWriter', arguments, 1);
            this.#record = acquire(recordOf(stream));
        }
        get closed() { return isWriter(this) ? this.#record.closed.promise : illegalUse(); }
        get ready() { return isWriter(this) ? this.#record.ready.promise : illegalUse(); }
        get desiredSize() {
            const { stream } = this.#record;
            if (stream === undefined) throw new TypeError('The writer has no stream any more');
            return desiredSize(stream);
        }
        abort(reason = undefined) {
            if (!isWriter(this)) return illegalUse();
            const { stream } = this.#record;
            return stream === undefined ? released() : abort(stream, reason);
        }
        close() {
            if (!isWriter(this)) return illegalUse();
            const { stream } = this.#record;
            if (stream === undefined) return released();
            if (isClosing(stream)) return rejectedWith(new TypeError('The stream is closing'));
            return close(stream);
        }
        releaseLock() {
            if (this.#record.stream !== undefined) release(this.#record);
        }
        write(chunk = undefined) {
            if (!isWriter(this)) return illegalUse();
            return this.#record.stream === undefined ? released() : write(this.#record, chunk);
        }
    }
    offer('WritableStreamDefaultWriter', WritableStreamDefaultWriter, isWriter);

    class WritableStream {
        #record;
        static {
            isWritable = (value) => isObject(value) && #record in value;
            recordOf = (stream) => stream.#record;
        }
        constructor(underlyingSink = undefined, strategy = undefined) {
            if (underlyingSink === token) {
                this.#record = strategy;
                return;
            }
            const sink = underlying(underlyingSink);
            const plan = strategyOf(strategy, 1);
            const onAbort = methodOf(sink, 'abort');
            const onClose = methodOf(sink, 'close');
            const start = methodOf(sink, 'start');
            const { type } = sink;
            if (type !== undefined) throw new RangeError(`There are no streams of type '${type}'`);
            const onWrite = methodOf(sink, 'write');
            const record = newRecord();
            this.#record = record;
            setUp(record, {
                __proto__: null, mark: checkMark(plan), size: plan.size, start: start ?? nothing,
                write: (chunk) => promiseOf(() => onWrite?.(chunk, record.controller.object)),
                close: () => promiseOf(() => onClose?.()),
                abort: (reason) => promiseOf(() => onAbort?.(reason)),
            });
        }
        get locked() { return this.#record.writer !== undefined; }
        abort(reason = undefined) {
            if (!isWritable(this)) return illegalUse();
            if (this.locked) return rejectedWith(new TypeError('The stream is locked'));
            return abort(this.#record, reason);
        }
        close() {
            if (!isWritable(this)) return illegalUse();
            if (this.locked) return rejectedWith(new TypeError('The stream is locked'));
            if (isClosing(this.#record)) return rejectedWith(new TypeError('It is closing'));
            return close(this.#record);
        }
        getWriter() { return new WritableStreamDefaultWriter(this); }
    }
    offer('WritableStream', WritableStream, isWritable, () => ['locked']);

    /** A stream whose algorithms are ours. */
    function makeWritable(algorithms) {
        const record = newRecord();
        setUp(record, algorithms);
        return new WritableStream(token, record);
    }

    shared.writable = {
        __proto__: null,
        abort, acquire, close, desiredSize, failIfNeeded, isClosing, isWritable, makeWritable,
        recordOf, release, write,
    };
})
