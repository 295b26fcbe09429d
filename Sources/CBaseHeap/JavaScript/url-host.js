// Hosts of URLs: domains, IPv4 and IPv6 addresses, opaque hosts. Of the mapping of Unicode domains
// (UTS #46) this has what the language offers: NFKC and lower case; the tables of what is not
// allowed are left out.
(function (host, shared) {
    'use strict';

    const {
        floor, newList, numberToString, parseInt, stringCharCodeAt, stringCodePointAt,
        stringEndsWith, stringIncludes, stringIndexOf, stringNormalize, stringSlice,
        stringStartsWith, stringToLowerCase, stringFromCharCode, stringFromCodePoint,
    } = shared.primordials;
    shared.load('url-text.js');
    const { decode, encode, hexValue, replaceAll, sets } = shared.urlText;

    const forbiddenInHosts = '\0\t\n\r #/:<>?@[\\]^|';
    const forbiddenInDomains = `${forbiddenInHosts}%\x7F`;

    const isDigit = (unit) => unit >= 48 && unit <= 57;

    function split(text, separator) {
        const parts = newList();
        let start = 0;
        for (;;) {
            const index = stringIndexOf(text, separator, start);
            if (index < 0) break;
            parts[parts.length] = stringSlice(text, start, index);
            start = index + 1;
        }
        parts[parts.length] = stringSlice(text, start);
        return parts;
    }

    function hasAny(text, letters) {
        for (let index = 0; index < text.length; index++) {
            if (stringIncludes(letters, text[index])) return true;
        }
        return false;
    }

    function areAll(text, test) {
        for (let index = 0; index < text.length; index++) {
            if (!test(stringCharCodeAt(text, index))) return false;
        }
        return true;
    }

    // -- Punycode, RFC 3492

    function adapt(delta, count, isFirst) {
        let k = 0;
        delta = isFirst ? floor(delta / 700) : delta >> 1;
        delta += floor(delta / count);
        for (; delta > 455; k += 36) delta = floor(delta / 35);
        return k + floor(36 * delta / (delta + 38));
    }

    const digitLetter = (digit) => stringFromCharCode(digit < 26 ? digit + 97 : digit + 22);

    function variableLength(delta, bias) {
        let text = '';
        let rest = delta;
        for (let k = 36; ; k += 36) {
            const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
            if (rest < threshold) return text + digitLetter(rest);
            const base = 36 - threshold;
            text += digitLetter(threshold + (rest - threshold) % base);
            rest = floor((rest - threshold) / base);
        }
    }

    function scalarsOf(text) {
        const scalars = newList();
        for (let index = 0; index < text.length; index++) {
            const scalar = stringCodePointAt(text, index);
            scalars[scalars.length] = scalar;
            if (scalar > 0xFFFF) index++;
        }
        return scalars;
    }

    function smallestFrom(scalars, least) {
        let smallest = Infinity;
        for (let index = 0; index < scalars.length; index++) {
            if (scalars[index] >= least && scalars[index] < smallest) smallest = scalars[index];
        }
        return smallest;
    }

    function punycode(label) {
        const scalars = scalarsOf(label);
        let text = '';
        for (let index = 0; index < scalars.length; index++) {
            if (scalars[index] < 128) text += stringFromCharCode(scalars[index]);
        }
        const basicCount = text.length;
        let done = basicCount;
        if (basicCount > 0) text += '-';
        let current = 128;
        let delta = 0;
        let bias = 72;
        while (done < scalars.length) {
            const next = smallestFrom(scalars, current);
            delta += (next - current) * (done + 1);
            current = next;
            for (let index = 0; index < scalars.length; index++) {
                if (scalars[index] < current) delta++;
                if (scalars[index] !== current) continue;
                text += variableLength(delta, bias);
                bias = adapt(delta, done + 1, done === basicCount);
                delta = 0;
                done++;
            }
            delta++;
            current++;
        }
        return text;
    }

    const numberMax = 0x7FFFFFFF;

    function digitOf(unit) {
        if (unit >= 97 && unit <= 122) return unit - 97;
        return isDigit(unit) ? unit - 22 : -1;
    }

    function insert(list, index, value) {
        for (let position = list.length; position > index; position--) {
            list[position] = list[position - 1];
        }
        list[index] = value;
    }

    /** The text that a label in lower case stands for; undefined if it is no Punycode. */
    function fromPunycode(label) {
        let read = label.length;
        while (read > 0 && label[read - 1] !== '-') read--;
        const scalars = scalarsOf(stringSlice(label, 0, read > 0 ? read - 1 : 0));
        let current = 128;
        let bias = 72;
        let at = 0;
        while (read < label.length) {
            const before = at;
            let weight = 1;
            for (let k = 36; ; k += 36) {
                const digit = read < label.length ? digitOf(stringCharCodeAt(label, read++)) : -1;
                at += digit * weight;
                if (digit < 0 || at > numberMax) return undefined;
                const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
                if (digit < threshold) break;
                weight *= 36 - threshold;
            }
            const count = scalars.length + 1;
            bias = adapt(at - before, count, before === 0);
            current += floor(at / count);
            if (current > 0x10FFFF) return undefined;
            at %= count;
            insert(scalars, at++, current);
        }
        let text = '';
        for (let index = 0; index < scalars.length; index++) {
            text += stringFromCodePoint(scalars[index]);
        }
        return text;
    }

    // -- Domains

    const isASCII = (text) => areAll(text, (unit) => unit < 128);

    // Soft hyphen, joiners, variation selectors and the like: the mapping drops them.
    const ignored = '\xAD\u200B\u2060\u2064\uFEFF\u034F\u180B\u180C\u180D\uFE00\uFE0E\uFE0F';

    function mapped(domain) {
        let text = '';
        for (let index = 0; index < domain.length; index++) {
            if (!stringIncludes(ignored, domain[index])) text += domain[index];
        }
        text = replaceAll(replaceAll(text, '\u1E9E', '\xDF'), '\u3002', '.');
        return stringNormalize(stringToLowerCase(stringNormalize(text, 'NFKC')), 'NFKC');
    }

    const isCharacter = (scalar) => scalar !== 0xFFFD && (scalar & 0xFFFE) !== 0xFFFE &&
        (scalar < 0xFDD0 || scalar > 0xFDEF) && (scalar < 0x80 || scalar >= 0xA0);

    /** Whether a label has no characters that no domain has, also as Punycode. */
    function isLabel(label) {
        let text = label;
        if (stringStartsWith(label, 'xn--')) {
            text = fromPunycode(stringSlice(label, 4));
            if (text === undefined || isASCII(text) || mapped(text) !== text) return false;
        }
        const scalars = scalarsOf(text);
        for (let index = 0; index < scalars.length; index++) {
            if (!isCharacter(scalars[index])) return false;
        }
        return true;
    }

    /** The domain in ASCII; undefined if there is none. */
    function toASCII(domain) {
        const lower = stringToLowerCase(domain);
        if (isASCII(domain) && !stringIncludes(lower, 'xn--')) return lower;
        const labels = split(mapped(domain), '.');
        let text = '';
        for (let index = 0; index < labels.length; index++) {
            const label = labels[index];
            if (!isLabel(label)) return undefined;
            if (index > 0) text += '.';
            text += isASCII(label) ? label : `xn--${punycode(label)}`;
        }
        return text;
    }

    // -- IPv4

    /** A part of an IPv4 address; NaN if it is none. */
    function ipv4Number(part) {
        if (part === '') return NaN;
        const isHex = stringStartsWith(part, '0x') || stringStartsWith(part, '0X');
        const isOctal = !isHex && part.length > 1 && part[0] === '0';
        const digits = stringSlice(part, isHex ? 2 : isOctal ? 1 : 0);
        if (digits === '') return 0;
        const base = isHex ? 16 : isOctal ? 8 : 10;
        const isValid = areAll(digits, (unit) => {
            const value = hexValue(unit);
            return value >= 0 && value < base;
        });
        return isValid ? parseInt(digits, base) : NaN;
    }

    function partsOf(domain) {
        const parts = split(domain, '.');
        if (parts.length > 1 && parts[parts.length - 1] === '') parts.length -= 1;
        return parts;
    }

    function endsInNumber(domain) {
        const parts = partsOf(domain);
        const last = parts[parts.length - 1];
        if (last === '') return false;
        const number = ipv4Number(last);
        return areAll(last, isDigit) || number === number;
    }

    function parseIPv4(domain) {
        const parts = partsOf(domain);
        if (parts.length > 4) return undefined;
        let address = 0;
        for (let index = 0; index < parts.length; index++) {
            const number = ipv4Number(parts[index]);
            const isLast = index === parts.length - 1;
            const limit = isLast ? 256 ** (5 - parts.length) : 256;
            if (!(number < limit)) return undefined;
            address += isLast ? number : number * 256 ** (3 - index);
        }
        const byteAt = (place) => floor(address / 256 ** place) % 256;
        return `${byteAt(3)}.${byteAt(2)}.${byteAt(1)}.${byteAt(0)}`;
    }

    // -- IPv6

    /** The last 32 bits, written as an IPv4 address, as two pieces; undefined if they are wrong. */
    function embeddedIPv4(text) {
        const parts = split(text, '.');
        if (parts.length !== 4) return undefined;
        const pieces = newList();
        for (let index = 0; index < 4; index++) {
            const part = parts[index];
            const isWrong = part === '' || part.length > 3 || !areAll(part, isDigit) ||
                (part.length > 1 && part[0] === '0') || +part > 255;
            if (isWrong) return undefined;
            if (index % 2 === 0) pieces[index / 2] = +part * 256;
            else pieces[(index - 1) / 2] += +part;
        }
        return pieces;
    }

    /** Pieces that colons separate; undefined if one is wrong. */
    function piecesOf(text, mayEndInIPv4) {
        const pieces = newList();
        if (text === '') return pieces;
        const parts = split(text, ':');
        for (let index = 0; index < parts.length; index++) {
            const part = parts[index];
            const isLast = index === parts.length - 1;
            if (isLast && mayEndInIPv4 && stringIncludes(part, '.')) {
                const last = embeddedIPv4(part);
                if (last === undefined) return undefined;
                pieces[pieces.length] = last[0];
                pieces[pieces.length] = last[1];
                continue;
            }
            const isValid = part !== '' && part.length <= 4 &&
                areAll(part, (unit) => hexValue(unit) >= 0);
            if (!isValid) return undefined;
            pieces[pieces.length] = parseInt(part, 16);
        }
        return pieces;
    }

    function parseIPv6(text) {
        const gap = stringIndexOf(text, '::');
        const head = piecesOf(gap < 0 ? text : stringSlice(text, 0, gap), gap < 0);
        const tail = gap < 0 ? newList() : piecesOf(stringSlice(text, gap + 2), true);
        if (head === undefined || tail === undefined) return undefined;
        const missing = 8 - head.length - tail.length;
        if (gap < 0 ? missing !== 0 : missing < 1) return undefined;
        for (let index = 0; index < missing; index++) head[head.length] = 0;
        for (let index = 0; index < tail.length; index++) head[head.length] = tail[index];
        return serializeIPv6(head);
    }

    /** The start and length of the longest row of at least two zeros. */
    function longestZeros(pieces) {
        let best = { __proto__: null, start: -1, length: 1 };
        for (let index = 0; index < 8; index++) {
            let end = index;
            while (end < 8 && pieces[end] === 0) end++;
            const length = end - index;
            if (length > best.length) best = { __proto__: null, start: index, length };
            if (length > 0) index = end;
        }
        return best;
    }

    function serializeIPv6(pieces) {
        const zeros = longestZeros(pieces);
        let text = '';
        for (let index = 0; index < 8; index++) {
            if (index === zeros.start) {
                text += index === 0 ? '::' : ':';
                index += zeros.length - 1;
                continue;
            }
            text += numberToString(pieces[index], 16);
            if (index < 7) text += ':';
        }
        return `[${text}]`;
    }

    /** The host as it is written in a URL; undefined if it is none. */
    shared.parseHost = (input, isOpaque) => {
        if (stringStartsWith(input, '[')) {
            if (!stringEndsWith(input, ']')) return undefined;
            return parseIPv6(stringSlice(input, 1, input.length - 1));
        }
        if (isOpaque) {
            return hasAny(input, forbiddenInHosts) ? undefined : encode(input, sets.control);
        }
        const domain = toASCII(decode(input));
        if (domain === undefined || domain === '') return undefined;
        const isForbidden = hasAny(domain, forbiddenInDomains) ||
            !areAll(domain, (unit) => unit > 0x1F);
        if (isForbidden) return undefined;
        return endsInNumber(domain) ? parseIPv4(domain) : domain;
    };
})
