// The basic URL parser of the URL Standard: its states under its names.
(function (host, shared) {
    'use strict';

    const {
        newList, stringCharCodeAt, stringIncludes, stringSlice, stringStartsWith,
        stringToLowerCase,
    } = shared.primordials;
    shared.load('url-text.js');
    shared.load('url-records.js');
    shared.load('url-host.js');
    const { encode, replaceAll, sets } = shared.urlText;
    const {
        addSegment, copyPath, defaultPorts, hasCredentials, isAlpha, isDigit, isDrive,
        isNormalDrive, isOpaque, isSpecial, newRecord, shorten, startsWithDrive,
    } = shared.urlRecords;
    const { parseHost } = shared;

    const isSlash = (c) => c === '/' || c === '\\';

    // What a state returns: undefined to go on, or one of these.
    const failed = 1;
    const stopped = 2;

    const isAuthorityEnd = (p, c) =>
        c === undefined || c === '/' || c === '?' || c === '#' || (c === '\\' && isSpecial(p.url));

    function go(p, state, step = 0) {
        p.state = state;
        p.pointer += step;
    }

    function takeBase(p, parts) {
        const { base, url } = p;
        for (let index = 0; index < parts.length; index++) {
            const part = parts[index];
            url[part] = part === 'path' ? copyPath(base.path) : base[part];
        }
    }
    const isSlashNext = (p) => stringStartsWith(p.input, '/', p.pointer + 1);
    const authorityParts = ['username', 'password', 'host', 'port'];

    /** Goes to the query or the fragment if one begins here. Whether it did. */
    function beginsTail(p, c) {
        if (c === '?') {
            p.url.query = '';
            p.state = states.query;
            return true;
        }
        if (c === '#') {
            p.url.fragment = '';
            p.state = states.fragment;
            return true;
        }
        return false;
    }

    const states = {
        __proto__: null,

        schemeStart(p, c) {
            if (c !== undefined && isAlpha(stringCharCodeAt(c, 0))) {
                p.buffer += stringToLowerCase(c);
                p.state = states.scheme;
            } else if (p.override === undefined) {
                go(p, states.noScheme, -1);
            } else {
                return failed;
            }
        },

        scheme(p, c) {
            const unit = c === undefined ? 0 : stringCharCodeAt(c, 0);
            if (isAlpha(unit) || isDigit(unit) || (c !== undefined && stringIncludes('+-.', c))) {
                p.buffer += stringToLowerCase(c);
                return;
            }
            if (c === ':') return p.override === undefined ? endScheme(p) : changeScheme(p);
            if (p.override !== undefined) return failed;
            p.buffer = '';
            p.state = states.noScheme;
            p.pointer = -1;
        },

        noScheme(p, c) {
            const { base } = p;
            if (base === undefined || (isOpaque(base) && c !== '#')) return failed;
            if (isOpaque(base)) {
                takeBase(p, ['scheme', 'path', 'query']);
                p.url.fragment = '';
                p.state = states.fragment;
            } else {
                go(p, base.scheme === 'file' ? states.file : states.relative, -1);
            }
        },

        specialRelativeOrAuthority(p, c) {
            if (c === '/' && isSlashNext(p)) {
                go(p, states.specialAuthorityIgnoreSlashes, 1);
            } else {
                go(p, states.relative, -1);
            }
        },

        pathOrAuthority(p, c) {
            if (c === '/') p.state = states.authority;
            else go(p, states.path, -1);
        },

        relative(p, c) {
            p.url.scheme = p.base.scheme;
            if (c === '/' || (isSpecial(p.url) && c === '\\')) {
                p.state = states.relativeSlash;
                return;
            }
            takeBase(p, authorityParts);
            takeBase(p, ['path', 'query']);
            if (c === undefined || beginsTail(p, c)) return;
            p.url.query = null;
            shorten(p.url);
            go(p, states.path, -1);
        },

        relativeSlash(p, c) {
            if (isSpecial(p.url) && isSlash(c)) {
                p.state = states.specialAuthorityIgnoreSlashes;
            } else if (c === '/') {
                p.state = states.authority;
            } else {
                takeBase(p, authorityParts);
                go(p, states.path, -1);
            }
        },

        specialAuthoritySlashes(p, c) {
            const hasBoth = c === '/' && isSlashNext(p);
            go(p, states.specialAuthorityIgnoreSlashes, hasBoth ? 1 : -1);
        },

        specialAuthorityIgnoreSlashes(p, c) {
            if (!isSlash(c)) go(p, states.authority, -1);
        },

        authority(p, c) {
            if (c === '@') {
                addCredentials(p);
            } else if (isAuthorityEnd(p, c)) {
                if (p.hasAt && p.buffer === '') return failed;
                const length = p.buffer.length + 1;
                p.buffer = '';
                go(p, states.host, -length);
            } else {
                p.buffer += c;
            }
        },

        host(p, c) {
            const { url } = p;
            if (p.override !== undefined && url.scheme === 'file') {
                go(p, states.fileHost, -1);
            } else if (c === ':' && !p.isInBrackets) {
                if (p.buffer === '' || p.override === 'hostname') return failed;
                url.host = parseHost(p.buffer, !isSpecial(url));
                if (url.host === undefined) return failed;
                p.buffer = '';
                p.state = states.port;
            } else if (isAuthorityEnd(p, c)) {
                return endHost(p);
            } else {
                if (c === '[') p.isInBrackets = true;
                if (c === ']') p.isInBrackets = false;
                p.buffer += c;
            }
        },

        port(p, c) {
            if (c !== undefined && isDigit(stringCharCodeAt(c, 0))) {
                p.buffer += c;
                return;
            }
            if (!isAuthorityEnd(p, c) && p.override === undefined) return failed;
            if (p.buffer !== '') {
                const port = +p.buffer;
                if (port > 65_535) return failed;
                p.url.port = port === defaultPorts[p.url.scheme] ? null : port;
                p.buffer = '';
                if (p.override !== undefined) return stopped;
            }
            if (p.override !== undefined) return failed;
            go(p, states.pathStart, -1);
        },

        file(p, c) {
            const { base, url } = p;
            url.scheme = 'file';
            url.host = '';
            if (isSlash(c)) {
                p.state = states.fileSlash;
                return;
            }
            if (base === undefined || base.scheme !== 'file') {
                go(p, states.path, -1);
                return;
            }
            takeBase(p, ['host', 'path', 'query']);
            if (c === undefined || beginsTail(p, c)) return;
            url.query = null;
            if (startsWithDrive(stringSlice(p.input, p.pointer))) url.path = newList();
            else shorten(url);
            go(p, states.path, -1);
        },

        fileSlash(p, c) {
            const { base, url } = p;
            if (isSlash(c)) {
                p.state = states.fileHost;
                return;
            }
            if (base !== undefined && base.scheme === 'file') {
                url.host = base.host;
                const hasDrive = startsWithDrive(stringSlice(p.input, p.pointer));
                if (!hasDrive && isNormalDrive(base.path[0])) url.path[0] = base.path[0];
            }
            go(p, states.path, -1);
        },

        fileHost(p, c) {
            if (c !== undefined && !isSlash(c) && c !== '?' && c !== '#') {
                p.buffer += c;
                return;
            }
            p.pointer--;
            if (p.override === undefined && isDrive(p.buffer)) {
                p.state = states.path;
                return;
            }
            const found = p.buffer === '' ? '' : parseHost(p.buffer, false);
            if (found === undefined) return failed;
            p.url.host = found === 'localhost' ? '' : found;
            if (p.override !== undefined) return stopped;
            p.buffer = '';
            p.state = states.pathStart;
        },

        pathStart(p, c) {
            if (isSpecial(p.url)) {
                go(p, states.path, isSlash(c) ? 0 : -1);
            } else if (p.override === undefined && beginsTail(p, c)) {
                return;
            } else if (c !== undefined) {
                go(p, states.path, c === '/' ? 0 : -1);
            } else if (p.override !== undefined && p.url.host === null) {
                p.url.path[p.url.path.length] = '';
            }
        },

        path(p, c) {
            const isSeparator = c === '/' || (isSpecial(p.url) && c === '\\');
            const isEnd = c === undefined || isSeparator ||
                (p.override === undefined && (c === '?' || c === '#'));
            if (!isEnd) {
                p.buffer += c;
                return;
            }
            addSegment(p.url, encode(p.buffer, sets.path), isSeparator);
            p.buffer = '';
            if (p.override === undefined) beginsTail(p, c);
        },

        opaquePath(p, c) {
            if (c !== undefined && c !== '?' && c !== '#') {
                p.buffer += c;
                return;
            }
            let text = p.buffer;
            // A space before what follows would be lost when that is taken away.
            const endsInSpace = c !== undefined && text[text.length - 1] === ' ';
            if (endsInSpace) text = `${stringSlice(text, 0, text.length - 1)}%20`;
            p.url.path += encode(text, sets.control);
            p.buffer = '';
            beginsTail(p, c);
        },

        query(p, c) {
            if (c !== undefined && !(c === '#' && p.override === undefined)) {
                p.buffer += c;
                return;
            }
            p.url.query += encode(p.buffer, isSpecial(p.url) ? sets.specialQuery : sets.query);
            p.buffer = '';
            if (c === '#') beginsTail(p, c);
        },

        fragment(p, c) {
            if (c !== undefined) p.buffer += c;
            else p.url.fragment += encode(p.buffer, sets.fragment);
        },
    };

    /** The scheme of a URL that is parsed from its start. */
    function endScheme(p) {
        const { base, url } = p;
        url.scheme = p.buffer;
        p.buffer = '';
        if (url.scheme === 'file') {
            p.state = states.file;
        } else if (isSpecial(url)) {
            p.state = base !== undefined && base.scheme === url.scheme
                ? states.specialRelativeOrAuthority : states.specialAuthoritySlashes;
        } else if (isSlashNext(p)) {
            go(p, states.pathOrAuthority, 1);
        } else {
            url.path = '';
            p.state = states.opaquePath;
        }
    }

    /** Another scheme for a URL that there is; nothing happens where it would not fit. */
    function changeScheme(p) {
        const { url, buffer } = p;
        const fits = isSpecial(url) === buffer in defaultPorts &&
            !(buffer === 'file' && (hasCredentials(url) || url.port !== null)) &&
            !(url.scheme === 'file' && url.host === '');
        if (!fits) return stopped;
        url.scheme = buffer;
        if (url.port === defaultPorts[buffer]) url.port = null;
        return stopped;
    }

    function addCredentials(p) {
        const { url } = p;
        const text = p.hasAt ? `%40${p.buffer}` : p.buffer;
        p.hasAt = true;
        p.buffer = '';
        let start = 0;
        if (!p.hasPassword) {
            while (start < text.length && text[start] !== ':') start++;
            url.username += encode(stringSlice(text, 0, start), sets.userinfo);
            if (start === text.length) return;
            p.hasPassword = true;
            start++;
        }
        url.password += encode(stringSlice(text, start), sets.userinfo);
    }

    function endHost(p) {
        const { url, buffer } = p;
        p.pointer--;
        if (buffer === '' && isSpecial(url)) return failed;
        const loses = buffer === '' && p.override !== undefined &&
            (hasCredentials(url) || url.port !== null);
        if (loses) return failed;
        const found = buffer === '' ? '' : parseHost(buffer, !isSpecial(url));
        if (found === undefined) return failed;
        url.host = found;
        p.buffer = '';
        p.state = states.pathStart;
        if (p.override !== undefined) return stopped;
    }

    function withoutTabs(text) {
        return replaceAll(replaceAll(replaceAll(text, '\t', ''), '\n', ''), '\r', '');
    }

    function trimmed(text) {
        let start = 0;
        let end = text.length;
        while (start < end && stringCharCodeAt(text, start) <= 0x20) start++;
        while (end > start && stringCharCodeAt(text, end - 1) <= 0x20) end--;
        return stringSlice(text, start, end);
    }

    /** Runs the states over the input. The record, or undefined. */
    function run(p) {
        for (; ; p.pointer++) {
            // Past the end a read would reach the prototype.
            const c = p.pointer < p.input.length ? p.input[p.pointer] : undefined;
            const end = p.state(p, c);
            if (end === failed) return undefined;
            if (end === stopped || p.pointer >= p.input.length) return p.url;
        }
    }

    const newParse = (input, url, state, base, override) => ({
        __proto__: null, input: withoutTabs(input), url, state, base, override, buffer: '',
        pointer: 0, hasAt: false, hasPassword: false, isInBrackets: false,
    });

    /** The record of a URL; undefined if the text is none. */
    const parse = (text, base) =>
        run(newParse(trimmed(text), newRecord(), states.schemeStart, base));

    /** Parses a part of a URL into its record. */
    const override = (url, text, state) =>
        run(newParse(text, url, states[state] ?? states.host, undefined, state));

    shared.parseURL = parse;
    shared.overrideURL = override;
})
