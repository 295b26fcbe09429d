// Timers: a queue ordered by when a timer is due, then by when it was made. The queue is plain data
// of the heap; the native side asks when the next timer is due and runs one at a time.
(function (host, shared) {
    'use strict';

    const {
        apply, ceil, defineProperty, floor, Map, mapDelete, mapHas, mapSet, mapSize, max, newList,
        Number, Promise, promiseThen, Set, setAdd, setDelete, setSize, trunc, TypeError,
    } = shared.primordials;
    const { countOf } = shared.text;

    // As in browsers and Node, a longer delay counts as none.
    const delayMax = 2_147_483_647;

    let timers = new Map();
    // The ids of those that a run does not wait for once it is over.
    let background = new Set();
    let queue = newList();
    let lastId = 0;
    let lastOrder = 0;

    const isBefore = (timer, other) =>
        timer.due < other.due || (timer.due === other.due && timer.order < other.order);

    function moveUp(timer, index) {
        while (index > 0) {
            const parent = floor((index - 1) / 2);
            if (!isBefore(timer, queue[parent])) break;
            queue[index] = queue[parent];
            index = parent;
        }
        queue[index] = timer;
    }

    function moveDown(timer, index) {
        for (;;) {
            let child = index * 2 + 1;
            if (child >= queue.length) break;
            if (child + 1 < queue.length && isBefore(queue[child + 1], queue[child])) child++;
            if (!isBefore(queue[child], timer)) break;
            queue[index] = queue[child];
            index = child;
        }
        queue[index] = timer;
    }

    function enqueue(timer, due) {
        timer.due = due;
        timer.order = ++lastOrder;
        moveUp(timer, queue.length);
    }

    function removeFirst() {
        const last = queue[queue.length - 1];
        queue.length -= 1;
        if (queue.length > 0) moveDown(last, 0);
    }

    /** The timer that is due first; undefined if there is none. */
    function first() {
        // A cleared timer stays in the queue until it comes up.
        while (queue.length > 0 && !mapHas(timers, queue[0].id)) removeFirst();
        return queue[0];
    }

    /** Drops the cleared timers once they are most of the queue. */
    function compact() {
        if (queue.length < 64 || queue.length < mapSize(timers) * 2) return;
        const old = queue;
        queue = newList();
        for (let index = 0; index < old.length; index++) {
            if (mapHas(timers, old[index].id)) moveUp(old[index], queue.length);
        }
    }

    function add(name, callback, delay, interval, args) {
        if (typeof callback !== 'function') {
            throw new TypeError(`${name}: the callback must be a function`);
        }
        const timer = { __proto__: null, id: ++lastId, due: 0, order: 0, callback, interval, args };
        mapSet(timers, timer.id, timer);
        enqueue(timer, host.now() + delay);
        return timer.id;
    }

    function delayOf(value) {
        const delay = trunc(Number(value));
        return delay >= 1 && delay <= delayMax ? delay : 1;
    }

    function clear(id) {
        const number = typeof id === 'number' || typeof id === 'string' ? Number(id) : undefined;
        setDelete(background, number);
        if (mapDelete(timers, number)) compact();
    }

    /** Calls back after a time, if the run lasts that long. */
    function addInBackground(callback, delay) {
        setAdd(background, add('', callback, delay, undefined, []));
    }

    /** Throws the error where nothing catches it, which fails the run. */
    function report(error) {
        add('', () => {
            throw error;
        }, 0, undefined, []);
    }

    // Its own `constructor` keeps promise.then from asking a patched Promise.prototype for one.
    const settled = Promise.resolve();
    defineProperty(settled, 'constructor', { __proto__: null, value: undefined });

    const globals = {
        __proto__: null,
        setTimeout(callback, delay, ...args) {
            return add('setTimeout', callback, delayOf(delay), undefined, args);
        },
        setInterval(callback, delay, ...args) {
            const interval = delayOf(delay);
            return add('setInterval', callback, interval, interval, args);
        },
        setImmediate(callback, ...args) {
            return add('setImmediate', callback, 0, undefined, args);
        },
        clearTimeout(id) { clear(id); },
        clearInterval(id) { clear(id); },
        clearImmediate(id) { clear(id); },
        queueMicrotask(callback) {
            if (typeof callback !== 'function') {
                throw new TypeError('queueMicrotask: the callback must be a function');
            }
            promiseThen(settled, () => {
                callback();
            });
        },
    };
    for (const name in globals) {
        // Enumerable, as the functions of a host are.
        defineProperty(globalThis, name, {
            __proto__: null, value: globals[name], writable: true, enumerable: true,
            configurable: true,
        });
    }

    /** Milliseconds until the next timer is due; -1 if there is none to wait for. */
    function nextTimerDelay(isOver) {
        const timer = first();
        if (timer === undefined) return -1;
        if (isOver && mapSize(timers) === setSize(background)) return -1;
        return max(0, timer.due - host.now());
    }

    /** Runs one due timer, whose error reaches the caller. Whether another is due. */
    function runDueTimer() {
        const timer = first();
        if (timer === undefined || timer.due > host.now()) return false;
        removeFirst();
        if (timer.interval === undefined) {
            mapDelete(timers, timer.id);
            setDelete(background, timer.id);
        }
        try {
            apply(timer.callback, undefined, timer.args);
        } finally {
            if (timer.interval !== undefined && mapHas(timers, timer.id)) {
                enqueue(timer, host.now() + timer.interval);
            }
        }
        const next = first();
        return next !== undefined && next.due <= host.now();
    }

    function clearTimers() {
        timers = new Map();
        background = new Set();
        queue = newList();
    }

    /** What is still to come, as text; '' if nothing. */
    function pendingTimers() {
        const delay = nextTimerDelay(false);
        if (delay < 0) return '';
        return `${countOf(mapSize(timers), 'timer')} (next in ${ceil(delay)} ms)`;
    }

    shared.timers = {
        __proto__: null,
        nextTimerDelay, runDueTimer, clearTimers, pendingTimers, addInBackground, report,
    };
})
