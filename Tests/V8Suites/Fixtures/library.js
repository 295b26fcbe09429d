// What the cases of library.jsonl are run with.
const fails = (run) => {
    try {
        return ['no error', run()];
    } catch (error) {
        return error.name;
    }
};
const rejects = (promise) => promise.then((value) => ['no error', value], (error) => error.name);
const partNames = 'href origin protocol username password host hostname port pathname search hash';
const parts = (u) => partNames.split(' ').map((name) => u[name]).join(' | ');
const url = (...args) => {
    try {
        return parts(new URL(...args));
    } catch (error) {
        return error.name;
    }
};
const set = (base, name, value) => {
    const changed = new URL(base);
    try {
        changed[name] = value;
    } catch (error) {
        return error.name;
    }
    return parts(changed);
};
const attributes = (object, key) => {
    const found = Object.getOwnPropertyDescriptor(object, key);
    return found && `${found.writable} ${found.enumerable} ${found.configurable}`;
};
const logged = (log, name, object) => new Proxy(object, {
    get(target, key) {
        log.push(`${name}.${String(key)}`);
        const value = target[key];
        return typeof value === 'function' ? value.bind(target) : value;
    },
});
