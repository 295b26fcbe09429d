// Percent-encoding as the URL Standard has it, and the form that URLSearchParams reads and writes.
(function (host, shared) {
    'use strict';

    shared.load('encoding.js');
    const {
        encodeURIComponent, newList, numberToString, stringCharCodeAt, stringIncludes,
        stringIndexOf, stringSlice, stringToUpperCase, stringToWellFormed,
    } = shared.primordials;
    const { decodeUTF8, encodeUTF8 } = shared.encoding;

    // The printable characters of ASCII that each set encodes; all encode controls and what is not
    // ASCII.
    const fragment = ' "<>`';
    const query = ' "#<>';
    const path = `${query}?^\`{}`;
    const userinfo = `${path}/:;=@[\\]|`;
    const component = `${userinfo}$%&+,`;
    const sets = {
        __proto__: null,
        control: '', fragment, query, specialQuery: `${query}'`, path, userinfo,
        form: `${component}!'()~`,
    };

    const percent = (byte) =>
        `%${byte < 16 ? '0' : ''}${stringToUpperCase(numberToString(byte, 16))}`;

    /** The text with the characters of a set as percent and hexadecimal. */
    function encode(text, set) {
        let result = '';
        let start = 0;
        for (let index = 0; index < text.length; index++) {
            const unit = stringCharCodeAt(text, index);
            const isPlain = unit > 0x1F && unit < 0x7F && !stringIncludes(set, text[index]);
            if (isPlain) continue;
            result += stringSlice(text, start, index);
            if (unit < 0x80) {
                result += percent(unit);
            } else {
                const end = unit >= 0xD800 && unit <= 0xDBFF ? index + 2 : index + 1;
                result += encodeURIComponent(stringSlice(text, index, end));
                index = end - 1;
            }
            start = index + 1;
        }
        return start === 0 ? text : result + stringSlice(text, start);
    }

    function hexValue(unit) {
        if (unit >= 48 && unit <= 57) return unit - 48;
        const lower = unit | 32;
        return lower >= 97 && lower <= 102 ? lower - 87 : -1;
    }

    /** The text that percent-encoded UTF-8 stands for. */
    function decode(text) {
        if (!stringIncludes(text, '%')) return text;
        const bytes = encodeUTF8(text);
        const list = newList();
        for (let index = 0; index < bytes.length; index++) {
            const high = bytes[index] === 37 ? hexValue(bytes[index + 1]) : -1;
            const low = high < 0 ? -1 : hexValue(bytes[index + 2]);
            list[list.length] = low < 0 ? bytes[index] : high * 16 + low;
            if (low >= 0) index += 2;
        }
        return decodeUTF8(list);
    }

    /** The text with one string for another throughout. */
    function replaceAll(text, from, to) {
        let result = '';
        let start = 0;
        for (;;) {
            const index = stringIndexOf(text, from, start);
            if (index < 0) return result + stringSlice(text, start);
            result += stringSlice(text, start, index) + to;
            start = index + from.length;
        }
    }

    const formDecode = (text) => decode(replaceAll(text, '+', ' '));

    /** A query as a list of [name, value]. */
    function parseForm(text) {
        const pairs = newList();
        let start = 0;
        while (start <= text.length) {
            const found = stringIndexOf(text, '&', start);
            const end = found < 0 ? text.length : found;
            const part = stringSlice(text, start, end);
            start = end + 1;
            if (part === '') continue;
            const equals = stringIndexOf(part, '=');
            const pair = newList();
            pair[0] = formDecode(equals < 0 ? part : stringSlice(part, 0, equals));
            pair[1] = equals < 0 ? '' : formDecode(stringSlice(part, equals + 1));
            pairs[pairs.length] = pair;
        }
        return pairs;
    }

    const formEncode = (text) =>
        replaceAll(encode(stringToWellFormed(text), sets.form), '%20', '+');

    function serializeForm(pairs) {
        let text = '';
        for (let index = 0; index < pairs.length; index++) {
            if (index > 0) text += '&';
            text += `${formEncode(pairs[index][0])}=${formEncode(pairs[index][1])}`;
        }
        return text;
    }

    shared.urlText = {
        __proto__: null, decode, encode, hexValue, parseForm, replaceAll, serializeForm, sets,
    };
})
