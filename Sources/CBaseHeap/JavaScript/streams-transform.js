// TransformStream: what is written to one side comes out of the other, changed.
(function (host, shared) {
    'use strict';

    shared.load('streams-readable.js');
    shared.load('streams-writable.js');
    const { promiseThen, RangeError, TypeError } = shared.primordials;
    const { isObject } = shared.lookups;
    const { illegal, offer } = shared.web;
    const {
        checkMark, deferred, methodOf, promiseOf, resolvedWith, strategyOf, underlying,
    } = shared.streams;
    const { readable, writable } = shared;

    const token = { __proto__: null };
    let isTransform;

    function setBlocked(stream, isBlocked) {
        stream.change?.resolve(undefined);
        stream.change = deferred();
        stream.isBlocked = isBlocked;
    }

    function unblock(stream) {
        if (stream.isBlocked) setBlocked(stream, false);
    }

    function clearAlgorithms(stream) {
        stream.transform = undefined;
        stream.flush = undefined;
        stream.cancel = undefined;
    }

    function fail(stream, error) {
        readable.failController(stream.readable.controller, error);
        failWritable(stream, error);
    }

    function failWritable(stream, error) {
        clearAlgorithms(stream);
        writable.failIfNeeded(stream.writable.controller, error);
        unblock(stream);
    }

    function enqueue(stream, chunk) {
        const { controller } = stream.readable;
        if (!readable.canEnqueue(controller)) {
            throw new TypeError('The stream is closed or errored');
        }
        try {
            readable.enqueue(controller, chunk);
        } catch (error) {
            failWritable(stream, error);
            throw stream.readable.error;
        }
        const isBlocked = readable.isBlocked(controller);
        if (isBlocked !== stream.isBlocked) setBlocked(stream, true);
    }

    function terminate(stream) {
        readable.closeController(stream.readable.controller);
        failWritable(stream, new TypeError('The stream was terminated'));
    }

    const transformed = (stream, chunk) =>
        promiseThen(stream.transform(chunk), undefined, (error) => {
            fail(stream, error);
            throw error;
        });

    function onWrite(stream, chunk) {
        if (!stream.isBlocked) return transformed(stream, chunk);
        return promiseThen(stream.change.promise, () => {
            if (stream.writable.state === 'erroring') throw stream.writable.error;
            return transformed(stream, chunk);
        });
    }

    /** Runs `cancel` or `flush` once, whoever asks first. */
    function finish(stream, run, onSuccess, onFailure) {
        if (stream.finish !== undefined) return stream.finish.promise;
        stream.finish = deferred();
        const result = run();
        clearAlgorithms(stream);
        promiseThen(result, () => onSuccess(stream.finish), (error) => {
            onFailure(error);
            stream.finish.reject(error);
        });
        return stream.finish.promise;
    }

    function onAbort(stream, reason) {
        return finish(stream, () => stream.cancel(reason), (made) => {
            if (stream.readable.state === 'errored') return made.reject(stream.readable.error);
            readable.failController(stream.readable.controller, reason);
            return made.resolve(undefined);
        }, (error) => readable.failController(stream.readable.controller, error));
    }

    function onClose(stream) {
        return finish(stream, () => stream.flush(), (made) => {
            if (stream.readable.state === 'errored') return made.reject(stream.readable.error);
            readable.closeController(stream.readable.controller);
            return made.resolve(undefined);
        }, (error) => readable.failController(stream.readable.controller, error));
    }

    function onCancel(stream, reason) {
        return finish(stream, () => stream.cancel(reason), (made) => {
            if (stream.writable.state === 'errored') return made.reject(stream.writable.error);
            writable.failIfNeeded(stream.writable.controller, reason);
            unblock(stream);
            return made.resolve(undefined);
        }, (error) => {
            writable.failIfNeeded(stream.writable.controller, error);
            unblock(stream);
        });
    }

    /** Makes both sides. `start` is a promise of when they begin. */
    function makeSides(stream, start, writePlan, readPlan) {
        stream.writableObject = writable.makeWritable({
            __proto__: null, start: () => start, mark: writePlan.mark, size: writePlan.size,
            write: (chunk) => onWrite(stream, chunk),
            close: () => onClose(stream),
            abort: (reason) => onAbort(stream, reason),
        });
        stream.writable = writable.recordOf(stream.writableObject);
        stream.readableObject = readable.makeReadable({
            __proto__: null, start: () => start, mark: readPlan.mark, size: readPlan.size,
            pull: () => {
                setBlocked(stream, false);
                return stream.change.promise;
            },
            cancel: (reason) => onCancel(stream, reason),
        });
        stream.readable = readable.recordOf(stream.readableObject);
        setBlocked(stream, true);
    }

    class TransformStreamDefaultController {
        #stream;
        constructor(key = undefined, stream = undefined) {
            if (key !== token) throw illegal();
            this.#stream = stream;
        }
        get desiredSize() { return readable.desiredSize(this.#stream.readable.controller); }
        enqueue(chunk = undefined) { enqueue(this.#stream, chunk); }
        error(reason = undefined) { fail(this.#stream, reason); }
        terminate() { terminate(this.#stream); }
    }
    offer('TransformStreamDefaultController', TransformStreamDefaultController);

    const newStream = () => ({
        __proto__: null, change: undefined, isBlocked: undefined, finish: undefined,
    });

    class TransformStream {
        #stream;
        static {
            isTransform = (value) => isObject(value) && #stream in value;
        }
        constructor(
            transformer = undefined, writableStrategy = undefined, readableStrategy = undefined
        ) {
            const given = underlying(transformer);
            const writePlan = strategyOf(writableStrategy, 1);
            const readPlan = strategyOf(readableStrategy, 0);
            const cancel = methodOf(given, 'cancel');
            const flush = methodOf(given, 'flush');
            const { readableType } = given;
            if (readableType !== undefined) throw new RangeError('There is no readableType');
            const start = methodOf(given, 'start');
            const transform = methodOf(given, 'transform');
            const { writableType } = given;
            if (writableType !== undefined) throw new RangeError('There is no writableType');
            checkMark(readPlan);
            checkMark(writePlan);
            const stream = newStream();
            this.#stream = stream;
            const started = deferred();
            makeSides(stream, started.promise, writePlan, readPlan);
            const controller = new TransformStreamDefaultController(token, stream);
            stream.transform = (chunk) => promiseOf(() =>
                (transform === undefined ? enqueue(stream, chunk) : transform(chunk, controller)));
            stream.flush = () => promiseOf(() => flush?.(controller));
            stream.cancel = (reason) => promiseOf(() => cancel?.(reason));
            promiseThen(resolvedWith(start?.(controller)), started.resolve, started.reject);
        }
        get readable() { return this.#stream.readableObject; }
        get writable() { return this.#stream.writableObject; }
    }
    offer('TransformStream', TransformStream, isTransform, () => ['readable', 'writable']);

    /** Both sides of a stream of ours: `transform` is given a chunk and a `put`. */
    shared.makeTransform = (transform, flush) => {
        const stream = newStream();
        const plan = (mark) => ({ __proto__: null, mark, size: () => 1 });
        const put = (chunk) => enqueue(stream, chunk);
        stream.transform = (chunk) => promiseOf(() => transform(chunk, put));
        stream.flush = () => promiseOf(() => flush(put));
        stream.cancel = () => resolvedWith(undefined);
        makeSides(stream, undefined, plan(1), plan(0));
        return {
            __proto__: null, readable: stream.readableObject, writable: stream.writableObject,
        };
    };
})
