// URL records of the URL Standard as plain data: `path` is a list of segments, or a text where it
// is opaque; `host` is as it is written. And how a record is written.
(function (host, shared) {
    'use strict';

    const {
        join, newList, stringCharCodeAt, stringIncludes, stringToLowerCase,
    } = shared.primordials;
    shared.load('url-text.js');
    const { replaceAll } = shared.urlText;

    const defaultPorts = {
        __proto__: null, 'http': 80, 'https': 443, 'ws': 80, 'wss': 443, 'ftp': 21, 'file': null,
    };
    const isSpecial = (url) => url.scheme in defaultPorts;
    const isOpaque = (url) => typeof url.path === 'string';
    const hasCredentials = (url) => url.username !== '' || url.password !== '';

    const isAlpha = (unit) => (unit | 32) >= 97 && (unit | 32) <= 122;
    const isDigit = (unit) => unit >= 48 && unit <= 57;

    const startsWithDrive = (text) =>
        text.length >= 2 && isAlpha(stringCharCodeAt(text, 0)) &&
        (text[1] === ':' || text[1] === '|') &&
        (text.length === 2 || stringIncludes('/\\?#', text[2]));
    const isDrive = (text) => text.length === 2 && startsWithDrive(text);
    const isNormalDrive = (text) => text !== undefined && isDrive(text) && text[1] === ':';

    const isSingleDot = (segment) => segment === '.' || stringToLowerCase(segment) === '%2e';
    function isDoubleDot(segment) {
        const dots = replaceAll(stringToLowerCase(segment), '%2e', '.');
        return dots === '..';
    }

    function copyPath(path) {
        if (typeof path === 'string') return path;
        const copy = newList();
        for (let index = 0; index < path.length; index++) copy[index] = path[index];
        return copy;
    }

    function shorten(url) {
        const { path } = url;
        if (url.scheme === 'file' && path.length === 1 && isNormalDrive(path[0])) return;
        if (path.length > 0) path.length -= 1;
    }

    const newRecord = () => ({
        __proto__: null, scheme: '', username: '', password: '', host: null, port: null,
        path: newList(), query: null, fragment: null,
    });

    function addSegment(url, segment, isSeparated) {
        const { path } = url;
        if (isDoubleDot(segment)) {
            shorten(url);
            if (!isSeparated) path[path.length] = '';
        } else if (isSingleDot(segment)) {
            if (!isSeparated) path[path.length] = '';
        } else {
            const isDriveOfFile = url.scheme === 'file' && path.length === 0 && isDrive(segment);
            path[path.length] = isDriveOfFile ? `${segment[0]}:` : segment;
        }
    }

    const pathText = (url) => (isOpaque(url) ? url.path
        : url.path.length === 0 ? '' : `/${join(url.path, '/')}`);

    function serialize(url) {
        let text = `${url.scheme}:`;
        if (url.host !== null) {
            text += '//';
            if (hasCredentials(url)) {
                text += url.username + (url.password === '' ? '' : `:${url.password}`) + '@';
            }
            text += url.host + (url.port === null ? '' : `:${url.port}`);
        } else if (!isOpaque(url) && url.path.length > 1 && url.path[0] === '') {
            text += '/.';
        }
        text += pathText(url);
        if (url.query !== null) text += `?${url.query}`;
        return url.fragment === null ? text : `${text}#${url.fragment}`;
    }

    shared.urlRecords = {
        __proto__: null,
        addSegment, copyPath, defaultPorts, hasCredentials, isAlpha, isDigit, isDrive,
        isNormalDrive, isOpaque, isSpecial, newRecord, pathText, serialize, shorten,
        startsWithDrive,
    };
})
