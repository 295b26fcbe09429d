// As much of the interface of testharness.js as tests of the web platform use that need no page.
// `__report` is what the runner calls at the end.
globalThis.self = globalThis;
globalThis.location = { search: '', href: 'https://web-platform.test/', pathname: '/test.any.js' };
globalThis.GLOBAL = {
    isWindow: () => false, isWorker: () => true, isShadowRealm: () => false,
};
globalThis.__files = {};
globalThis.fetch = async (path) => {
    const text = __files[String(path).replace(/^.*\//, '')];
    if (text === undefined) throw new TypeError(`no file ${path}`);
    return { ok: true, json: async () => JSON.parse(text), text: async () => text };
};

// What tests of blobs read them with.
globalThis.Response = class Response {
    constructor(body) { this.body = body; }
    arrayBuffer() { return this.body.arrayBuffer(); }
};
globalThis.FileReader = class FileReader extends EventTarget {
    #read(promise) {
        promise.then((result) => {
            this.result = result;
            this.readyState = 2;
            for (const type of ['load', 'loadend']) {
                this.dispatchEvent(new Event(type));
                this[`on${type}`]?.(new Event(type));
            }
        });
    }
    readAsText(blob) { this.#read(blob.text()); }
    readAsArrayBuffer(blob) { this.#read(blob.arrayBuffer()); }
};

const __testMilliseconds = 3_000;
const __results = [];
let __queue = Promise.resolve();
let __single;
let __isOver = false;
class AssertionError extends Error {}
class OptionalFeatureUnsupportedError extends Error {}

function __fail(what, description) {
    if (__isOver) return;
    throw new AssertionError(description === undefined ? what : `${description}: ${what}`);
}
function format_value(value) {
    if (Object.is(value, -0)) return '-0';
    if (typeof value === 'string') return JSON.stringify(value);
    try { return String(value); } catch { return typeof value; }
}
const __deny = (is, what, description) => { if (!is) __fail(what, description); };

function assert_true(value, text) {
    __deny(value === true, `${format_value(value)} is not true`, text);
}
function assert_false(value, text) {
    __deny(value === false, `${format_value(value)} is not false`, text);
}
function assert_equals(value, expected, text) {
    __deny(Object.is(value, expected),
        `expected ${format_value(expected)} but got ${format_value(value)}`, text);
}
function assert_not_equals(value, other, text) {
    __deny(!Object.is(value, other), `got ${format_value(other)}`, text);
}
function assert_in_array(value, all, text) {
    __deny(all.includes(value), `${format_value(value)} is not among ${format_value(all)}`, text);
}
function assert_array_equals(value, expected, text) {
    __deny(typeof value === 'object' && value !== null && 'length' in value, 'no array', text);
    assert_equals(value.length, expected.length, `${text}: length`);
    for (let i = 0; i < value.length; i++) {
        __deny(i in value === i in expected, `element ${i} is missing`, text);
        assert_equals(value[i], expected[i], `${text}: element ${i}`);
    }
}
function assert_object_equals(value, expected, text) {
    assert_equals(Object.keys(value).length, Object.keys(expected).length, `${text}: keys`);
    for (const key of Object.keys(expected)) {
        if (typeof expected[key] === 'object' && expected[key] !== null) {
            assert_object_equals(value[key], expected[key], text);
        } else {
            assert_equals(value[key], expected[key], `${text}: ${key}`);
        }
    }
}
const __close = (value, expected, by) => Math.abs(value - expected) <= by;
function assert_approx_equals(value, expected, by, text) {
    __deny(__close(value, expected, by), `${value} is not near ${expected}`, text);
}
function assert_less_than(value, other, text) {
    __deny(value < other, `${value} >= ${other}`, text);
}
function assert_greater_than(value, other, text) {
    __deny(value > other, `${value} <= ${other}`, text);
}
function assert_less_than_equal(value, other, text) {
    __deny(value <= other, `${value} > ${other}`, text);
}
function assert_greater_than_equal(value, other, text) {
    __deny(value >= other, `${value} < ${other}`, text);
}
function assert_between_exclusive(value, low, high, text) {
    __deny(value > low && value < high, `${value} is not between`, text);
}
function assert_regexp_match(value, expression, text) {
    __deny(expression.test(value), 'no match', text);
}
function assert_class_string(value, name, text) {
    assert_equals({}.toString.call(value), `[object ${name}]`, text);
}
function assert_own_property(object, name, text) {
    __deny(Object.hasOwn(object, name), `no own ${String(name)}`, text);
}
function assert_not_own_property(object, name, text) {
    __deny(!Object.hasOwn(object, name), `has ${String(name)}`, text);
}
function assert_inherits(object, name, text) {
    const isInherited = !Object.hasOwn(object, name) && name in object;
    __deny(isInherited, `does not inherit ${String(name)}`, text);
}
const assert_idl_attribute = assert_inherits;
function assert_readonly(object, name, text) {
    const before = object[name];
    object[name] = `${before}x`;
    assert_equals(object[name], before, text);
}
function assert_unreached(text) { __fail('reached', text); }
function assert_implements(condition, text) { __deny(condition, 'not implemented', text); }
function assert_implements_optional(condition, text) {
    if (!condition) throw new OptionalFeatureUnsupportedError(text);
}
function __checkThrown(constructor, error, text) {
    __deny(typeof error === 'object' && error !== null, `threw ${format_value(error)}`, text);
    __deny(error.constructor === constructor && error.name === constructor.name,
        `threw ${error.name}: ${error.message}, not ${constructor.name}`, text);
}
function assert_throws_js(constructor, run, text) {
    try { run.call(this); } catch (error) { return __checkThrown(constructor, error, text); }
    __fail('did not throw', text);
}
const __domNames = {
    INDEX_SIZE_ERR: 'IndexSizeError', INVALID_STATE_ERR: 'InvalidStateError',
    SYNTAX_ERR: 'SyntaxError',
    NOT_SUPPORTED_ERR: 'NotSupportedError', DATA_CLONE_ERR: 'DataCloneError',
    INVALID_CHARACTER_ERR: 'InvalidCharacterError', NOT_FOUND_ERR: 'NotFoundError',
    QUOTA_EXCEEDED_ERR: 'QuotaExceededError', INVALID_ACCESS_ERR: 'InvalidAccessError',
};
function __checkDOM(type, error, text) {
    const name = __domNames[type] ?? type;
    __deny(error instanceof DOMException, `threw ${format_value(error)}`, text);
    if (typeof name === 'number') assert_equals(error.code, name, text);
    else assert_equals(error.name, name, text);
}
function assert_throws_dom(type, constructor, run, text) {
    if (constructor !== DOMException) [run, text] = [constructor, run];
    try { run.call(this); } catch (error) { return __checkDOM(type, error, text); }
    __fail('did not throw', text);
}
function assert_throws_exactly(expected, run, text) {
    try { run.call(this); } catch (error) { return assert_equals(error, expected, text); }
    __fail('did not throw', text);
}
async function __rejection(promise, text) {
    try { await promise; } catch (error) { return error; }
    return __fail('was not rejected', text);
}
async function promise_rejects_js(test, constructor, promise, text) {
    __checkThrown(constructor, await __rejection(promise, text), text);
}
async function promise_rejects_dom(test, type, constructor, promise, text) {
    if (constructor !== DOMException) [promise, text] = [constructor, promise];
    __checkDOM(type, await __rejection(promise, text), text);
}
async function promise_rejects_exactly(test, expected, promise, text) {
    assert_equals(await __rejection(promise, text), expected, text);
}
function assert_array_approx_equals(value, expected, by, text) {
    for (let i = 0; i < expected.length; i++) assert_approx_equals(value[i], expected[i], by, text);
}

class __Test {
    constructor(name) {
        this.name = String(name ?? 'unnamed');
        this.cleanups = [];
        this.ended = new Promise((resolve, reject) => { this.done = resolve; this.fail = reject; });
        this.ended.catch(() => {});
    }
    step(run, receiver, ...args) {
        try { return run.apply(receiver ?? this, args); } catch (error) { this.fail(error); }
    }
    step_func(run, receiver) {
        const test = this;
        return function (...args) { return test.step(run, receiver ?? this, ...args); };
    }
    step_func_done(run, receiver) {
        const test = this;
        return function (...args) {
            if (run) test.step(run, receiver ?? this, ...args);
            test.done();
        };
    }
    unreached_func(text) { return this.step_func(() => assert_unreached(text)); }
    step_timeout(run, delay, ...args) {
        return setTimeout(this.step_func(() => run.apply(this, args)), delay);
    }
    add_cleanup(run) { this.cleanups.push(run); }
    get_signal() { return (this.controller ??= new AbortController()).signal; }
    async record(running) {
        let timer;
        const late = new Promise((resolve, reject) => {
            timer = setTimeout(() => reject(new AssertionError('did not end')), __testMilliseconds);
        });
        let error;
        try { await Promise.race([running, late]); } catch (thrown) { error = thrown; }
        clearTimeout(timer);
        for (const run of this.cleanups) await run();
        if (error instanceof OptionalFeatureUnsupportedError) return;
        const text = error === undefined ? undefined
            : error instanceof AssertionError ? error.message : `${error?.stack ?? error}`;
        __results.push([this.name, text]);
    }
}
function test(run, name) {
    const one = new __Test(name);
    try { run.call(one, one); one.done(); } catch (thrown) { one.fail(thrown); }
    for (const undo of one.cleanups.splice(0)) undo();
    __queue = __queue.then(() => one.record(one.ended));
}
function async_test(run, name) {
    if (typeof run === 'string') [run, name] = [undefined, run];
    const one = new __Test(name);
    if (run) one.step(run, one, one);
    __queue = __queue.then(() => one.record(one.ended));
    return one;
}
function promise_test(run, name) {
    const one = new __Test(name);
    __queue = __queue.then(() => {
        const failed = new Promise((resolve, reject) => one.ended.catch(reject));
        return one.record(Promise.race([(async () => run.call(one, one))(), failed]));
    });
}
function setup(run, options = run) {
    if (typeof run === 'function') run();
    if (options.single_test) __single = async_test(undefined, 'the file as one test');
}
function promise_setup(run) { __queue = __queue.then(run); }
function done() {
    __single?.done();
    __isOver = true;
}
function generate_tests(run, cases) {
    for (const [name, ...args] of cases) test(() => run(...args), name);
}
function step_timeout(run, delay, ...args) { return setTimeout(run, delay, ...args); }
function add_completion_callback() {}
function subsetTest(run, ...args) { return run(...args); }
function subsetTestByKey(key, run, ...args) { return run(...args); }
async function __report() {
    for (let seen; seen !== __queue;) await (seen = __queue);
    const failed = __results.filter((each) => each[1] !== undefined);
    return {
        count: __results.length, failedCount: failed.length,
        failed: failed.slice(0, 60).map(([name, text]) => [name.slice(0, 120), text.slice(0, 200)]),
    };
}
