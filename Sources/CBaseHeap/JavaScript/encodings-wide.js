// The encodings of several bytes of the Encoding Standard. What a sequence stands for says ICU,
// which comes with V8; where a sequence begins and ends, and what is none, is here.
(function (host, shared) {
    'use strict';

    const { stringCharCodeAt } = shared.primordials;

    const isIn = (byte, first, last) => byte >= first && byte <= last;

    /**
     * A decoder of sequences of two bytes. `leads` and `trails` tell which bytes may begin and end
     * one; `alone` gives the character of a byte above 0x7F that is one by itself.
     */
    class PairDecoder {
        #lead = 0;
        constructor(name, leads, trails, alone = () => undefined) {
            this.name = name;
            this.leads = leads;
            this.trails = trails;
            this.alone = alone;
        }
        put(byte, output, fail) {
            const lead = this.#lead;
            this.#lead = 0;
            if (lead === 0) {
                const single = byte < 0x80 ? byte : this.alone(byte);
                if (single !== undefined) output.put(single);
                else if (this.leads(byte)) this.#lead = byte;
                else fail(output);
                return;
            }
            const isPair = this.trails(byte) &&
                write(host.characters(this.name, lead << 8 | byte), output);
            if (isPair) return;
            fail(output);
            if (byte < 0x80) output.put(byte);
        }
        end(output, fail) {
            if (this.#lead !== 0) fail(output);
            this.#lead = 0;
        }
    }

    /** Whether there was something to write. */
    function write(text, output) {
        for (let index = 0; index < text.length; index++) {
            output.put(stringCharCodeAt(text, index));
        }
        return text !== '';
    }

    class GB18030Decoder {
        #bytes = 0;
        #count = 0;
        put(byte, output, fail) {
            const bytes = this.#bytes << 8 | byte;
            const count = this.#count + 1;
            this.#count = 0;
            this.#bytes = 0;
            const isDigit = isIn(byte, 0x30, 0x39);
            const isLead = isIn(byte, 0x81, 0xFE);
            if (count === 1) {
                if (byte < 0x80) output.put(byte);
                else if (byte === 0x80) output.put(0x20AC);
                else if (isLead) this.#wait(bytes, count);
                else fail(output);
            } else if (count === 2 && isDigit || count === 3 && isLead) {
                this.#wait(bytes, count);
            } else if (count === 2) {
                const isTrail = isIn(byte, 0x40, 0x7E) || isIn(byte, 0x80, 0xFE);
                if (isTrail && write(host.characters('gb18030', bytes), output)) return;
                fail(output);
                if (byte < 0x80) output.put(byte);
            } else if (count !== 4 || !isDigit) {
                // Only the lead is wrong: what came after it is read again.
                fail(output);
                const rest = bytes & (count === 3 ? 0xFFFF : 0xFFFFFF);
                for (let shift = count * 8 - 16; shift >= 0; shift -= 8) {
                    this.put(rest >> shift & 255, output, fail);
                }
            } else if (!write(host.characters('gb18030', bytes >>> 0), output)) {
                fail(output);
            }
        }
        #wait(bytes, count) {
            this.#bytes = bytes;
            this.#count = count;
        }
        end(output, fail) {
            if (this.#count > 0) fail(output);
            this.#wait(0, 0);
        }
    }

    class EUCJPDecoder {
        #lead = 0;
        #isSupplement = false;
        put(byte, output, fail) {
            const lead = this.#lead;
            const isSupplement = this.#isSupplement;
            const isHigh = isIn(byte, 0xA1, 0xFE);
            this.#lead = 0;
            this.#isSupplement = false;
            if (lead === 0) {
                if (byte < 0x80) output.put(byte);
                else if (byte === 0x8E || byte === 0x8F || isHigh) this.#lead = byte;
                else fail(output);
            } else if (lead === 0x8E && isIn(byte, 0xA1, 0xDF)) {
                output.put(0xFF61 - 0xA1 + byte);
            } else if (lead === 0x8F && isHigh) {
                this.#lead = byte;
                this.#isSupplement = true;
            } else {
                const sequence = (isSupplement ? 0x8F0000 : 0) | lead << 8 | byte;
                const isPair = isIn(lead, 0xA1, 0xFE) && isHigh;
                if (isPair && write(host.characters('euc-jp', sequence), output)) return;
                fail(output);
                if (byte < 0x80) output.put(byte);
            }
        }
        end(output, fail) {
            if (this.#lead !== 0) fail(output);
            this.#lead = 0;
            this.#isSupplement = false;
        }
    }

    // What follows an escape, by its two bytes.
    const modes = {
        __proto__: null, 0x2842: 'ASCII', 0x284A: 'Roman', 0x2849: 'katakana', 0x2440: 'pairs',
        0x2442: 'pairs',
    };

    class ISO2022JPDecoder {
        #mode = 'ASCII';
        #lead = 0;
        // Bytes after an escape, as a number; -1 outside of one.
        #escape = -1;
        // Whether an escape has come and no character after it.
        #isBare = false;
        put(byte, output, fail) {
            if (this.#escape >= 0) {
                this.#putEscape(byte, output, fail);
            } else if (byte === 0x1B) {
                if (this.#lead !== 0) fail(output);
                this.#lead = 0;
                this.#escape = 0;
            } else {
                this.#putByte(byte, output, fail);
            }
        }
        #putEscape(byte, output, fail) {
            const first = this.#escape;
            if (first === 0 && (byte === 0x24 || byte === 0x28)) {
                this.#escape = byte;
                return;
            }
            const mode = first === 0 ? undefined : modes[first << 8 | byte];
            this.#escape = -1;
            if (mode !== undefined) {
                const wasBare = this.#isBare;
                this.#mode = mode;
                this.#isBare = true;
                if (wasBare) fail(output);
                return;
            }
            this.#isBare = false;
            fail(output);
            if (first !== 0) this.put(first, output, fail);
            this.put(byte, output, fail);
        }
        #putByte(byte, output, fail) {
            const lead = this.#lead;
            this.#lead = 0;
            this.#isBare = false;
            const isHigh = isIn(byte, 0x21, 0x7E);
            if (lead !== 0) {
                const sequence = (lead << 8 | byte) + 0x8080;
                if (!isHigh || !write(host.characters('euc-jp', sequence), output)) fail(output);
            } else if (this.#mode === 'pairs') {
                if (isHigh) this.#lead = byte;
                else fail(output);
            } else if (this.#mode === 'katakana') {
                if (isIn(byte, 0x21, 0x5F)) output.put(0xFF61 - 0x21 + byte);
                else fail(output);
            } else if (byte > 0x7F || byte === 0x0E || byte === 0x0F) {
                fail(output);
            } else {
                const isYen = this.#mode === 'Roman' && byte === 0x5C;
                const isLine = this.#mode === 'Roman' && byte === 0x7E;
                output.put(isYen ? 0xA5 : isLine ? 0x203E : byte);
            }
        }
        end(output, fail) {
            const first = this.#escape;
            this.#escape = -1;
            if (first >= 0) fail(output);
            if (first > 0) this.put(first, output, fail);
            if (this.#lead !== 0) fail(output);
            this.#lead = 0;
            this.#mode = 'ASCII';
            this.#isBare = false;
        }
    }

    class UserDefinedDecoder {
        put(byte, output) { output.put(byte < 0x80 ? byte : 0xF700 + byte); }
        end() {}
    }

    const isLead = (byte) => isIn(byte, 0x81, 0xFE);
    const isKatakana = (byte) => isIn(byte, 0xA1, 0xDF);
    const newGB18030 = () => new GB18030Decoder();

    shared.wideEncodings = {
        __proto__: null,
        'big5': () => new PairDecoder(
            'big5', isLead, (byte) => isIn(byte, 0x40, 0x7E) || isIn(byte, 0xA1, 0xFE)),
        'euc-jp': () => new EUCJPDecoder(),
        'euc-kr': () => new PairDecoder('euc-kr', isLead, (byte) => isIn(byte, 0x41, 0xFE)),
        'gb18030': newGB18030,
        'gbk': newGB18030,
        'iso-2022-jp': () => new ISO2022JPDecoder(),
        'shift_jis': () => new PairDecoder(
            'shift_jis', (byte) => isIn(byte, 0x81, 0x9F) || isIn(byte, 0xE0, 0xFC),
            (byte) => isIn(byte, 0x40, 0x7E) || isIn(byte, 0x80, 0xFC),
            (byte) => (byte === 0x80 ? byte
                : isKatakana(byte) ? 0xFF61 - 0xA1 + byte : undefined)),
        'x-user-defined': () => new UserDefinedDecoder(),
    };
    shared.wideLabels = {
        __proto__: null,
        'big5': ' big5 big5-hkscs cn-big5 csbig5 x-x-big5 ',
        'euc-jp': ' cseucpkdfmtjapanese euc-jp x-euc-jp ',
        'euc-kr': ' cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ' +
            'ks_c_5601-1989 ksc5601 ksc_5601 windows-949 ',
        'gb18030': ' gb18030 ',
        'gbk': ' chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 ' +
            'x-gbk ',
        'iso-2022-jp': ' csiso2022jp iso-2022-jp ',
        'shift_jis': ' csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis ',
        'x-user-defined': ' x-user-defined ',
    };
})
