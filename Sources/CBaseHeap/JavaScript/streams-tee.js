// What makes streams of another one, and of iterables.
(function (host, shared) {
    'use strict';

    shared.load('streams-source.js');
    const {
        apply, newList, promiseThen, symbolAsyncIterator, symbolIterator, toArray,
        TypeError,
    } = shared.primordials;
    const { isObject } = shared.lookups;
    const { deferred, nothing, promiseOf, resolvedWith } = shared.streams;
    const {
        acquire, cancel, closeController, enqueue, failController, newRecord, read, setUp,
    } = shared.source;

    /** Two streams with the same chunks. */
    function tee(stream) {
        const reader = acquire(stream);
        const branches = [newRecord(), newRecord()];
        const reasons = newList();
        const canceled = deferred();
        let isReading = false;
        let readsAgain = false;
        const isCanceled = [false, false];
        const each = (run) => {
            for (let index = 0; index < 2; index++) if (!isCanceled[index]) run(branches[index]);
        };
        const pull = () => {
            readsAgain = isReading;
            if (isReading) return resolvedWith(undefined);
            isReading = true;
            read(stream, {
                __proto__: null,
                chunk: (chunk) => promiseThen(resolvedWith(undefined), () => {
                    readsAgain = false;
                    each((branch) => enqueue(branch.controller, chunk));
                    isReading = false;
                    if (readsAgain) pull();
                }),
                close: () => {
                    isReading = false;
                    each((branch) => closeController(branch.controller));
                    if (!isCanceled[0] || !isCanceled[1]) canceled.resolve(undefined);
                },
                error: () => {
                    isReading = false;
                },
            });
            return resolvedWith(undefined);
        };
        const cancelBranch = (index) => (reason) => {
            isCanceled[index] = true;
            reasons[index] = reason;
            if (isCanceled[1 - index]) {
                const both = newList();
                both[0] = reasons[0];
                both[1] = reasons[1];
                promiseThen(cancel(stream, toArray(both)), canceled.resolve, canceled.reject);
            }
            return canceled.promise;
        };
        for (let index = 0; index < 2; index++) {
            setUp(branches[index], {
                __proto__: null, start: nothing, pull, cancel: cancelBranch(index), mark: 1,
                size: () => 1,
            });
        }
        promiseThen(reader.closed.promise, undefined, (error) => {
            failController(branches[0].controller, error);
            failController(branches[1].controller, error);
            if (!isCanceled[0] || !isCanceled[1]) canceled.resolve(undefined);
        });
        return branches;
    }

    /** A stream of what an iterable, asynchronous or not, gives. */
    function fromIterable(iterable) {
        let method = iterable[symbolAsyncIterator] ?? undefined;
        if (method === undefined) method = iterable[symbolIterator];
        if (typeof method !== 'function') throw new TypeError('The argument is not iterable');
        const iterator = apply(method, iterable, []);
        if (!isObject(iterator)) throw new TypeError('The iterator is not an object');
        const { next } = iterator;
        const stream = newRecord();
        const pull = () => promiseThen(promiseOf(() => apply(next, iterator, [])), (result) => {
            if (!isObject(result)) throw new TypeError('The iterator gave no object');
            if (result.done) return closeController(stream.controller);
            return promiseThen(resolvedWith(result.value), (value) => {
                enqueue(stream.controller, value);
            });
        });
        const onCancel = (reason) => promiseThen(promiseOf(() => {
            const { return: method } = iterator;
            return method === undefined || method === null
                ? {} : apply(method, iterator, [reason]);
        }), (result) => {
            if (!isObject(result)) throw new TypeError('The iterator gave no object');
        });
        setUp(stream, {
            __proto__: null, start: nothing, pull, cancel: onCancel, mark: 0, size: () => 1,
        });
        return stream;
    }

    shared.tee = tee;
    shared.fromIterable = fromIterable;
})
