// ReadableStream with its reader and its iterator.
(function (host, shared) {
    'use strict';

    shared.load('streams-source.js');
    shared.load('streams-tee.js');
    const {
        asyncIteratorPrototype, deleteProperty, newList, promiseThen, setPrototypeOf,
        symbolAsyncIterator, toArray, TypeError,
    } = shared.primordials;
    const { defineHidden, isObject } = shared.lookups;
    const { dictionaryOf, offer, requireCount, setTag, showMembers } = shared.web;
    const {
        checkMark, deferred, methodOf, nothing, promiseOf, rejectedWith, resolvedWith, strategyOf,
        underlying,
    } = shared.streams;
    const { acquire, cancel, newRecord, read, release, setUp } = shared.source;
    const { fromIterable, tee } = shared;

    const token = { __proto__: null };
    let recordOf;
    let isReadable;
    let isReader;

    const illegalUse = () => new TypeError('Illegal invocation');
    const released = () => rejectedWith(new TypeError('The reader has no stream any more'));

    class ReadableStreamDefaultReader {
        #record;
        static {
            isReader = (value) => isObject(value) && #record in value;
        }
        constructor(stream) {
            requireCount('ReadableStreamDefaultReader', arguments, 1);
            this.#record = acquire(recordOf(stream));
        }
        get closed() {
            return isReader(this) ? this.#record.closed.promise : rejectedWith(illegalUse());
        }
        cancel(reason = undefined) {
            if (!isReader(this)) return rejectedWith(illegalUse());
            const { stream } = this.#record;
            return stream === undefined ? released() : cancel(stream, reason);
        }
        read() {
            if (!isReader(this)) return rejectedWith(illegalUse());
            const { stream } = this.#record;
            if (stream === undefined) return released();
            const { promise, resolve, reject } = deferred();
            read(stream, {
                __proto__: null,
                chunk: (value) => resolve({ value, done: false }),
                close: () => resolve({ value: undefined, done: true }),
                error: reject,
            });
            return promise;
        }
        releaseLock() {
            if (this.#record.stream !== undefined) release(this.#record);
        }
    }
    offer('ReadableStreamDefaultReader', ReadableStreamDefaultReader, isReader);

    class ReadableStream {
        #record;
        static {
            isReadable = (value) => isObject(value) && #record in value;
            recordOf = (stream) => stream.#record;
        }
        constructor(underlyingSource = undefined, strategy = undefined) {
            if (underlyingSource === token) {
                this.#record = strategy;
                return;
            }
            const source = underlying(underlyingSource);
            const plan = strategyOf(strategy, 1);
            this.#record = newRecord();
            const { type } = source;
            if (type !== undefined) {
                throw new TypeError(`There are no streams of the type '${type}'`);
            }
            const onCancel = methodOf(source, 'cancel');
            const pull = methodOf(source, 'pull');
            const start = methodOf(source, 'start');
            const mark = checkMark(plan);
            const record = this.#record;
            const controller = () => record.controller.object;
            setUp(record, {
                __proto__: null, mark, size: plan.size,
                start: start ?? nothing,
                pull: () => promiseOf(() => pull?.(controller())),
                cancel: (reason) => promiseOf(() => onCancel?.(reason)),
            });
        }
        static from(asyncIterable) {
            requireCount('ReadableStream.from', arguments, 1);
            return new ReadableStream(token, fromIterable(asyncIterable));
        }
        get locked() { return this.#record.reader !== undefined; }
        cancel(reason = undefined) {
            if (!isReadable(this)) return rejectedWith(illegalUse());
            if (this.locked) return rejectedWith(new TypeError('The stream is locked'));
            return cancel(this.#record, reason);
        }
        getReader(options = undefined) {
            const { mode } = dictionaryOf(options);
            this.#record;
            if (mode !== undefined) throw new TypeError(`There are no readers of mode '${mode}'`);
            return new ReadableStreamDefaultReader(this);
        }
        pipeThrough(transform, options = undefined) {
            this.#record;
            requireCount('pipeThrough', arguments, 1);
            shared.load('streams-pipe.js');
            return shared.pipeThrough(this, transform, options);
        }
        pipeTo(destination, options = undefined) {
            if (!isReadable(this)) return rejectedWith(illegalUse());
            shared.load('streams-pipe.js');
            return promiseOf(() => {
                requireCount('pipeTo', arguments, 1);
                return shared.pipeTo(this, destination, options);
            });
        }
        tee() {
            const branches = tee(this.#record);
            const list = newList();
            for (let index = 0; index < 2; index++) {
                list[index] = new ReadableStream(token, branches[index]);
            }
            return toArray(list);
        }
        values(options = undefined) {
            const { preventCancel } = dictionaryOf(options);
            return new StreamIterator(acquire(this.#record), !!preventCancel);
        }
    }
    offer('ReadableStream', ReadableStream, isReadable, () => ['locked']);
    defineHidden(ReadableStream.prototype, symbolAsyncIterator, ReadableStream.prototype.values);

    class StreamIterator {
        #reader;
        #keepsStream;
        #isOver = false;
        #ongoing;
        constructor(reader, keepsStream) {
            this.#reader = reader;
            this.#keepsStream = keepsStream;
        }
        next() {
            // A step more, in which Web IDL makes the result of the value.
            return this.#after(() => promiseThen(this.#next(), (result) => result));
        }
        return(value) {
            const done = () => ({ value, done: true });
            return promiseThen(this.#after(() => this.#return(value)), done);
        }
        #after(step) {
            this.#ongoing = this.#ongoing === undefined
                ? step() : promiseThen(this.#ongoing, step, step);
            return this.#ongoing;
        }
        #next() {
            if (this.#isOver) return resolvedWith({ value: undefined, done: true });
            const { promise, resolve, reject } = deferred();
            const reader = this.#reader;
            const end = () => {
                this.#isOver = true;
                release(reader);
            };
            read(reader.stream, {
                __proto__: null,
                chunk: (value) => resolve({ value, done: false }),
                close: () => {
                    end();
                    resolve({ value: undefined, done: true });
                },
                error: (error) => {
                    end();
                    reject(error);
                },
            });
            return promise;
        }
        #return(value) {
            if (this.#isOver) return resolvedWith(undefined);
            this.#isOver = true;
            const { stream } = this.#reader;
            const result = this.#keepsStream ? resolvedWith(undefined) : cancel(stream, value);
            release(this.#reader);
            return result;
        }
    }
    const { prototype: iteratorPrototype } = StreamIterator;
    showMembers(iteratorPrototype);
    deleteProperty(iteratorPrototype, 'constructor');
    setPrototypeOf(iteratorPrototype, asyncIteratorPrototype);
    setTag(iteratorPrototype, 'ReadableStream AsyncIterator');

    /** A stream whose algorithms are ours. */
    function makeReadable(algorithms) {
        const record = newRecord();
        setUp(record, algorithms);
        return new ReadableStream(token, record);
    }

    shared.readable = { __proto__: shared.source, isReadable, makeReadable, recordOf };
})
