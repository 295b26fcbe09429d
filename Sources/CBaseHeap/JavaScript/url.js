// URL: its attributes read and change a record; its searchParams are made when they are asked for.
(function (host, shared) {
    'use strict';

    shared.load('url-parser.js');
    shared.load('url-search-params.js');
    const { newList, stringEndsWith, stringSlice, TypeError } = shared.primordials;
    const { isObject } = shared.lookups;
    const { encode, sets } = shared.urlText;
    const { isOpaque, isSpecial, pathText, serialize } = shared.urlRecords;
    const { offer, requireCount, usv } = shared.web;
    const { linkParams, overrideURL, parseURL } = shared;

    const hasNoPort = (url) => url.host === null || url.host === '' || url.scheme === 'file';

    /** An opaque path must not end in spaces once nothing follows it. */
    function trimOpaquePath(url) {
        if (!isOpaque(url) || url.query !== null || url.fragment !== null) return;
        while (stringEndsWith(url.path, ' ')) {
            url.path = stringSlice(url.path, 0, url.path.length - 1);
        }
    }

    /** The record of a text, perhaps relative to another; undefined if it is none. */
    function parseWith(text, base) {
        const input = usv(text);
        if (base === undefined) return parseURL(input);
        const baseRecord = parseURL(usv(base));
        return baseRecord === undefined ? undefined : parseURL(input, baseRecord);
    }

    function originOf(url) {
        if (url.scheme === 'blob' && isOpaque(url)) {
            const inner = parseURL(url.path);
            const isWeb = inner !== undefined && (inner.scheme === 'http' ||
                inner.scheme === 'https');
            return isWeb ? originOf(inner) : 'null';
        }
        if (!isSpecial(url) || url.scheme === 'file') return 'null';
        return `${url.scheme}://${url.host}${url.port === null ? '' : `:${url.port}`}`;
    }

    function invalid(input) {
        const error = new TypeError('Invalid URL');
        error.code = 'ERR_INVALID_URL';
        error.input = input;
        return error;
    }

    let isURL;
    const none = { __proto__: null };

    class URL {
        #url;
        #params;
        static {
            isURL = (value) => isObject(value) && #url in value;
        }
        constructor(url, base = undefined) {
            requireCount('URL', arguments, 1);
            const record = url === none ? base : parseWith(url, base);
            if (record === undefined) throw invalid(usv(url));
            this.#url = record;
        }
        static canParse(url, base = undefined) {
            requireCount('URL.canParse', arguments, 1);
            return parseWith(url, base) !== undefined;
        }
        static parse(url, base = undefined) {
            requireCount('URL.parse', arguments, 1);
            const record = parseWith(url, base);
            return record === undefined ? null : new URL(none, record);
        }
        #relink() {
            if (this.#params === undefined) return;
            linkParams(this.#params, this.#url.query, this.#write);
        }
        #write = (text) => {
            const url = this.#url;
            url.query = text === '' ? null : text;
            if (text === '') trimOpaquePath(url);
        };
        get href() { return serialize(this.#url); }
        set href(value) {
            const text = usv(value);
            const record = parseURL(text);
            if (record === undefined) throw invalid(text);
            this.#url = record;
            this.#relink();
        }
        get origin() { return originOf(this.#url); }
        get protocol() { return `${this.#url.scheme}:`; }
        set protocol(value) { overrideURL(this.#url, `${usv(value)}:`, 'schemeStart'); }
        get username() { return this.#url.username; }
        set username(value) {
            const url = this.#url;
            const text = usv(value);
            if (!hasNoPort(url)) url.username = encode(text, sets.userinfo);
        }
        get password() { return this.#url.password; }
        set password(value) {
            const url = this.#url;
            const text = usv(value);
            if (!hasNoPort(url)) url.password = encode(text, sets.userinfo);
        }
        get host() {
            const { host: name, port } = this.#url;
            return name === null ? '' : port === null ? name : `${name}:${port}`;
        }
        set host(value) {
            const text = usv(value);
            if (!isOpaque(this.#url)) overrideURL(this.#url, text, 'host');
        }
        get hostname() { return this.#url.host ?? ''; }
        set hostname(value) {
            const text = usv(value);
            if (!isOpaque(this.#url)) overrideURL(this.#url, text, 'hostname');
        }
        get port() { return this.#url.port === null ? '' : `${this.#url.port}`; }
        set port(value) {
            const url = this.#url;
            const text = usv(value);
            if (hasNoPort(url)) return;
            if (text === '') url.port = null;
            else overrideURL(url, text, 'port');
        }
        get pathname() { return pathText(this.#url); }
        set pathname(value) {
            const url = this.#url;
            const text = usv(value);
            if (isOpaque(url)) return;
            url.path = newList();
            overrideURL(url, text, 'pathStart');
        }
        get search() {
            const { query } = this.#url;
            return query === null || query === '' ? '' : `?${query}`;
        }
        set search(value) {
            const url = this.#url;
            const text = usv(value);
            if (text === '') {
                url.query = null;
                trimOpaquePath(url);
            } else {
                url.query = '';
                overrideURL(url, text[0] === '?' ? stringSlice(text, 1) : text, 'query');
            }
            this.#relink();
        }
        get searchParams() {
            const url = this.#url;
            if (this.#params === undefined) {
                this.#params = new shared.URLSearchParams();
                linkParams(this.#params, url.query, this.#write);
            }
            return this.#params;
        }
        get hash() {
            const { fragment } = this.#url;
            return fragment === null || fragment === '' ? '' : `#${fragment}`;
        }
        set hash(value) {
            const url = this.#url;
            const text = usv(value);
            if (text === '') {
                url.fragment = null;
                trimOpaquePath(url);
            } else {
                url.fragment = '';
                overrideURL(url, text[0] === '#' ? stringSlice(text, 1) : text, 'fragment');
            }
        }
        toString() { return serialize(this.#url); }
        toJSON() { return serialize(this.#url); }
    }
    const attributes = [
        'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port',
        'pathname', 'search', 'searchParams', 'hash',
    ];
    offer('URL', URL, isURL, () => attributes);
})
