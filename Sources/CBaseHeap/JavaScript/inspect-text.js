// How text is written by the inspector: quoting, numbers, widths, and cutting what is too long.
(function (host, shared) {
    'use strict';

    const {
        is, join, newList, stringCharCodeAt, stringCodePointAt, stringIncludes, stringIndexOf,
        stringRepeat, stringSlice, symbolToString,
    } = shared.primordials;

    const shortEscapes = {
        __proto__: null, 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 39: "\\'", 92: '\\\\',
    };
    const digitsUpperCase = '0123456789ABCDEF';
    const digitsLowerCase = '0123456789abcdef';

    const isHighSurrogate = (code) => code >= 0xd800 && code <= 0xdbff;
    const isLowSurrogate = (code) => code >= 0xdc00 && code <= 0xdfff;

    function hexadecimal(code, digitCount, digits) {
        let text = '';
        for (let digit = digitCount - 1; digit >= 0; digit--) {
            text += digits[(code >> (digit * 4)) & 15];
        }
        return text;
    }

    /** A byte as two digits. */
    const byteText = (byte) => hexadecimal(byte, 2, digitsLowerCase);

    /** The escape for the UTF-16 unit at `index`, or undefined if it stands for itself. */
    function escapeAt(text, index, code, quote) {
        if (code === 39) return quote === 39 ? shortEscapes[39] : undefined;
        if (code === 92) return shortEscapes[92];
        if (code < 32 || (code >= 127 && code <= 159)) {
            return shortEscapes[code] ?? '\\x' + hexadecimal(code, 2, digitsUpperCase);
        }
        if (isHighSurrogate(code)) {
            const isPaired = isLowSurrogate(stringCharCodeAt(text, index + 1));
            return isPaired ? undefined : '\\u' + hexadecimal(code, 4, digitsLowerCase);
        }
        if (isLowSurrogate(code)) {
            const isPaired = index > 0 && isHighSurrogate(stringCharCodeAt(text, index - 1));
            return isPaired ? undefined : '\\u' + hexadecimal(code, 4, digitsLowerCase);
        }
        return undefined;
    }

    /** The text with what a string literal cannot hold escaped. `quote` is a character code. */
    function escape(text, quote) {
        let escaped = '';
        let start = 0;
        for (let index = 0; index < text.length; index++) {
            const code = stringCharCodeAt(text, index);
            if (code > 39 && code < 127 && code !== 92) continue;
            const replacement = escapeAt(text, index, code, quote);
            if (replacement === undefined) continue;
            escaped += stringSlice(text, start, index) + replacement;
            start = index + 1;
        }
        return start === 0 ? text : escaped + stringSlice(text, start);
    }

    /** A string literal, in the first of ' " ` that needs no escaping. */
    function quoted(text) {
        if (!stringIncludes(text, "'")) return `'${escape(text, 39)}'`;
        if (!stringIncludes(text, '"')) return `"${escape(text, 34)}"`;
        if (!stringIncludes(text, '`') && !stringIncludes(text, '${')) {
            return `\`${escape(text, 96)}\``;
        }
        return `'${escape(text, 39)}'`;
    }

    const isIdentifierCode = (code, index) =>
        (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 ||
        (index > 0 && code >= 48 && code <= 57);

    function isIdentifier(text) {
        for (let index = 0; index < text.length; index++) {
            if (!isIdentifierCode(stringCharCodeAt(text, index), index)) return false;
        }
        return text !== '';
    }

    /** A property's name as written before the colon. */
    function keyName(key, isEnumerable) {
        if (typeof key === 'symbol') return `[${escape(symbolToString(key), 39)}]`;
        if (key === '__proto__') return "['__proto__']";
        if (!isEnumerable) return `[${escape(key, 39)}]`;
        return isIdentifier(key) ? key : quoted(key);
    }

    const numberText = (value) => (is(value, -0) ? '-0' : `${value}`);

    const countOf = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

    /** What stands for the elements that are not shown. */
    const remainder = (count, noun) => `... ${count} more ${noun}${count === 1 ? '' : 's'}`;

    /** The lines of the text, each with its line feed if `keepsLineFeeds`. */
    function linesOf(text, keepsLineFeeds) {
        const lines = newList();
        let start = 0;
        for (;;) {
            const end = stringIndexOf(text, '\n', start);
            if (end === -1) break;
            lines[lines.length] = stringSlice(text, start, keepsLineFeeds ? end + 1 : end);
            start = end + 1;
        }
        if (!keepsLineFeeds || start < text.length) lines[lines.length] = stringSlice(text, start);
        return lines;
    }

    /** The text with every line but the first moved right. */
    function indent(text, columnCount) {
        if (columnCount === 0 || !stringIncludes(text, '\n')) return text;
        return join(linesOf(text, false), '\n' + stringRepeat(' ', columnCount));
    }

    const isWide = (code) =>
        code >= 0x1100 && (
            code <= 0x115f || code === 0x2329 || code === 0x232a ||
            (code >= 0x2e80 && code <= 0x3247 && code !== 0x303f) ||
            (code >= 0x3250 && code <= 0x4dbf) || (code >= 0x4e00 && code <= 0xa4c6) ||
            (code >= 0xa960 && code <= 0xa97c) || (code >= 0xac00 && code <= 0xd7a3) ||
            (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe10 && code <= 0xfe19) ||
            (code >= 0xfe30 && code <= 0xfe6b) || (code >= 0xff01 && code <= 0xff60) ||
            (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1b000 && code <= 0x1b001) ||
            (code >= 0x1f200 && code <= 0x1f251) || (code >= 0x1f300 && code <= 0x1f64f) ||
            (code >= 0x1f680 && code <= 0x1f6ff) || (code >= 0x1f900 && code <= 0x1f9ff) ||
            (code >= 0x20000 && code <= 0x3fffd));

    const isZeroWidth = (code) =>
        code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0x300 && code <= 0x36f) ||
        (code >= 0x200b && code <= 0x200f) || (code >= 0x20d0 && code <= 0x20ff) ||
        (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xfe20 && code <= 0xfe2f) ||
        (code >= 0xe0100 && code <= 0xe01ef);

    /** How many columns of a terminal the text takes. */
    function widthOf(text) {
        let width = 0;
        for (let index = 0; index < text.length; index++) {
            const code = stringCodePointAt(text, index);
            if (code > 0xffff) index++;
            width += isWide(code) ? 2 : isZeroWidth(code) ? 0 : 1;
        }
        return width;
    }

    /** Whether the text takes more than `limit` bytes in UTF-8. */
    function exceedsByteCount(text, limit) {
        if (text.length > limit) return true;
        return text.length * 3 > limit && utf8Prefix(text, limit) < text.length;
    }

    /** How many UTF-16 units of the text fit into `limit` bytes of UTF-8; never half a pair. */
    function utf8Prefix(text, limit) {
        let byteCount = 0;
        for (let index = 0; index < text.length; index++) {
            const code = stringCodePointAt(text, index);
            byteCount += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
            if (byteCount > limit) return index;
            if (code > 0xffff) index++;
        }
        return text.length;
    }

    /** The text, cut to `limit` bytes of UTF-8 with a note of what is missing. */
    function cutToByteCount(text, limit) {
        if (!exceedsByteCount(text, limit)) return text;
        const kept = utf8Prefix(text, limit);
        return `${stringSlice(text, 0, kept)}\u2026 (${text.length - kept} more characters)`;
    }

    shared.text = {
        __proto__: null,
        quoted, escape, keyName, numberText, countOf, remainder, linesOf, indent, widthOf,
        byteText, exceedsByteCount, cutToByteCount, isIdentifier,
    };
})
