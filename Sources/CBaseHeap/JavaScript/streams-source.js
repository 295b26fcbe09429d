// What a ReadableStream does: its states, its controller and its readers as plain records. There
// are no byte streams.
(function (host, shared) {
    'use strict';

    shared.load('streams.js');
    const { newList, promiseThen, TypeError } = shared.primordials;
    const { illegal, offer } = shared.web;
    const {
        deferred, ignore, nothing, rejectedWith, resolvedWith, SizedQueue, takeFirst,
    } = shared.streams;

    const token = { __proto__: null };

    const newRecord = () => ({
        __proto__: null, state: 'readable', reader: undefined, error: undefined,
        isDisturbed: false, controller: undefined,
    });

    function close(stream) {
        stream.state = 'closed';
        const { reader } = stream;
        if (reader === undefined) return;
        reader.closed.resolve(undefined);
        const { requests } = reader;
        reader.requests = newList();
        for (let index = 0; index < requests.length; index++) requests[index].close();
    }

    function failRequests(reader, error) {
        const { requests } = reader;
        reader.requests = newList();
        for (let index = 0; index < requests.length; index++) requests[index].error(error);
    }

    function fail(stream, error) {
        stream.state = 'errored';
        stream.error = error;
        const { reader } = stream;
        if (reader === undefined) return;
        reader.closed.reject(error);
        ignore(reader.closed.promise);
        failRequests(reader, error);
    }

    function cancel(stream, reason) {
        stream.isDisturbed = true;
        if (stream.state === 'closed') return resolvedWith(undefined);
        if (stream.state === 'errored') return rejectedWith(stream.error);
        close(stream);
        const { controller } = stream;
        controller.queue.clear();
        const result = controller.cancel(reason);
        clearAlgorithms(controller);
        return promiseThen(result, nothing);
    }

    // ---- Controllers

    function clearAlgorithms(controller) {
        controller.pull = undefined;
        controller.cancel = undefined;
        controller.size = undefined;
    }

    const canEnqueue = (controller) =>
        !controller.isClosing && controller.stream.state === 'readable';

    function desiredSize({ stream, mark, queue }) {
        if (stream.state === 'errored') return null;
        return stream.state === 'closed' ? 0 : mark - queue.total;
    }

    const hasRequests = ({ reader }) => reader !== undefined && reader.requests.length > 0;

    const isPullWanted = (controller) => canEnqueue(controller) && controller.isStarted &&
        (hasRequests(controller.stream) || desiredSize(controller) > 0);

    function pullIfNeeded(controller) {
        if (!isPullWanted(controller)) return;
        if (controller.isPulling) {
            controller.pullsAgain = true;
            return;
        }
        controller.isPulling = true;
        promiseThen(controller.pull(), () => {
            controller.isPulling = false;
            if (!controller.pullsAgain) return;
            controller.pullsAgain = false;
            pullIfNeeded(controller);
        }, (error) => failController(controller, error));
    }

    function failController(controller, error) {
        if (controller.stream.state !== 'readable') return;
        controller.queue.clear();
        clearAlgorithms(controller);
        fail(controller.stream, error);
    }

    function closeController(controller) {
        if (!canEnqueue(controller)) return;
        controller.isClosing = true;
        if (controller.queue.length > 0) return;
        clearAlgorithms(controller);
        close(controller.stream);
    }

    function enqueue(controller, chunk) {
        if (!canEnqueue(controller)) return;
        if (hasRequests(controller.stream)) {
            takeFirst(controller.stream.reader.requests).chunk(chunk);
        } else {
            try {
                controller.queue.add(chunk, controller.size(chunk));
            } catch (error) {
                failController(controller, error);
                throw error;
            }
        }
        pullIfNeeded(controller);
    }

    /** Answers a request of the stream's reader, now or later. */
    function read(stream, request) {
        stream.isDisturbed = true;
        if (stream.state === 'closed') return request.close();
        if (stream.state === 'errored') return request.error(stream.error);
        const { controller } = stream;
        if (controller.queue.length === 0) {
            const { requests } = stream.reader;
            requests[requests.length] = request;
            return pullIfNeeded(controller);
        }
        const chunk = controller.queue.take();
        if (controller.isClosing && controller.queue.length === 0) {
            clearAlgorithms(controller);
            close(stream);
        } else {
            pullIfNeeded(controller);
        }
        return request.chunk(chunk);
    }

    /** Gives a stream its controller. `start` is called with its object. */
    function setUp(stream, { start, pull, cancel: onCancel, mark, size }) {
        const controller = {
            __proto__: null, stream, queue: new SizedQueue(), isStarted: false, isClosing: false,
            isPulling: false, pullsAgain: false, mark, size, pull, cancel: onCancel,
        };
        stream.controller = controller;
        controller.object = new ReadableStreamDefaultController(token, controller);
        promiseThen(resolvedWith(start(controller.object)), () => {
            controller.isStarted = true;
            pullIfNeeded(controller);
        }, (error) => failController(controller, error));
    }

    class ReadableStreamDefaultController {
        #record;
        constructor(key = undefined, record = undefined) {
            if (key !== token) throw illegal();
            this.#record = record;
        }
        get desiredSize() { return desiredSize(this.#record); }
        close() {
            if (!canEnqueue(this.#record)) throw new TypeError('The stream is closed or errored');
            closeController(this.#record);
        }
        enqueue(chunk = undefined) {
            if (!canEnqueue(this.#record)) throw new TypeError('The stream is closed or errored');
            enqueue(this.#record, chunk);
        }
        error(error = undefined) { failController(this.#record, error); }
    }
    offer('ReadableStreamDefaultController', ReadableStreamDefaultController);

    function acquire(stream) {
        if (stream.reader !== undefined) throw new TypeError('The stream is locked');
        const reader = { __proto__: null, stream, closed: deferred(), requests: newList() };
        stream.reader = reader;
        if (stream.state === 'closed') reader.closed.resolve(undefined);
        if (stream.state === 'errored') {
            reader.closed.reject(stream.error);
            ignore(reader.closed.promise);
        }
        return reader;
    }

    function release(reader) {
        const { stream } = reader;
        const error = new TypeError('The reader was released');
        if (stream.state !== 'readable') reader.closed = deferred();
        reader.closed.reject(error);
        ignore(reader.closed.promise);
        stream.reader = undefined;
        reader.stream = undefined;
        failRequests(reader, error);
    }

    shared.source = {
        __proto__: null,
        acquire, cancel, canEnqueue, closeController, desiredSize, enqueue, failController,
        isBlocked: (controller) => !isPullWanted(controller), newRecord, read, release, setUp,
    };
})
