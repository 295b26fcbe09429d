// Intl that survives snapshots. V8 cannot serialise an object that holds ICU data, so what user
// code gets are ordinary objects; the real ones are in `live`, which is emptied before a snapshot
// and filled again on first use. What the arguments resolved to is kept, so that a heap means the
// same on a machine with another default locale or time zone.
(function (host, shared) {
    'use strict';

    const {
        apply, construct, create, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, Object,
        ownKeys, setPrototypeOf, String, symbolIterator, TypeError, WeakMap, weakMapGet, weakMapSet,
    } = shared.primordials;
    const { defineHidden, isObject } = shared.lookups;

    const { Intl } = globalThis;
    const getCanonicalLocales = Intl.getCanonicalLocales;
    // The options that the constructors read, Locale's too. Others are ignored as ever.
    const optionNames = [
        'localeMatcher', 'style', 'currency', 'currencyDisplay', 'currencySign', 'unit',
        'unitDisplay', 'notation', 'compactDisplay', 'signDisplay', 'useGrouping',
        'minimumIntegerDigits', 'minimumFractionDigits', 'maximumFractionDigits',
        'minimumSignificantDigits', 'maximumSignificantDigits', 'numberingSystem', 'calendar',
        'weekday', 'era', 'year', 'month', 'day', 'dayPeriod', 'hour', 'minute', 'second',
        'fractionalSecondDigits', 'timeZone', 'timeZoneName', 'hour12', 'hourCycle',
        'formatMatcher', 'dateStyle', 'timeStyle', 'usage', 'sensitivity', 'ignorePunctuation',
        'numeric', 'caseFirst', 'collation', 'type', 'fallback', 'languageDisplay', 'granularity',
        'language', 'script', 'region', 'roundingIncrement', 'roundingMode', 'roundingPriority',
        'trailingZeroDisplay',
    ];
    setPrototypeOf(optionNames, null);

    // For each stand-in: how to make the real object, as plain data.
    const recipes = new WeakMap();
    // For each stand-in in use since the last snapshot: the real object and its bound function.
    let live = new WeakMap();

    /** The stand-in's real object with its bound function, made again if need be. */
    function liveOf(standIn, kind) {
        const recipe = isObject(standIn) ? weakMapGet(recipes, standIn) : undefined;
        if (recipe === undefined || recipe.kind !== kind) {
            throw new TypeError(`Method called on an object that is not an Intl.${kind.name}`);
        }
        let found = weakMapGet(live, standIn);
        if (found === undefined) {
            const real = construct(kind.Real, [recipe.locales, recipe.options]);
            found = { __proto__: null, real, bound: undefined };
            weakMapSet(live, standIn, found);
        }
        return found;
    }

    const withoutObject = (value) => (isObject(value) ? String(value) : value);

    function copyOptions(options) {
        if (!isObject(options)) return options;
        const copy = create(null);
        for (let index = 0; index < optionNames.length; index++) {
            const value = options[optionNames[index]];
            if (value !== undefined) copy[optionNames[index]] = withoutObject(value);
        }
        return copy;
    }

    /** Pins what would otherwise be the machine's default. */
    function pinned(kind, real, locales, options) {
        if (kind.resolvedOptions === undefined) return { __proto__: null, kind, locales, options };
        const resolved = setPrototypeOf(apply(kind.resolvedOptions, real, []), null);
        const pinnedOptions = isObject(options) ? options : create(null);
        if (kind.name === 'DateTimeFormat') pinnedOptions.timeZone = resolved.timeZone;
        return { __proto__: null, kind, locales: resolved.locale, options: pinnedOptions };
    }

    function makeStandIn(kind, newTarget, locales, options) {
        const standIn = construct(Object, [], newTarget);
        const copy = copyOptions(options);
        const isLocale = kind.name === 'Locale';
        const tags = isLocale ? withoutObject(locales) : getCanonicalLocales(locales);
        const real = construct(kind.Real, [tags, copy]);
        const recipe = isLocale
            ? { __proto__: null, kind, locales: localeTag(kind, real), options: undefined }
            : pinned(kind, real, tags, copy);
        weakMapSet(recipes, standIn, recipe);
        weakMapSet(live, standIn, { __proto__: null, real, bound: undefined });
        return standIn;
    }

    function makeConstructor(kind, isCallable) {
        const { name } = kind;
        const { [name]: constructor } = {
            [name]: function (locales, options) {
                if (new.target === undefined && !isCallable) {
                    throw new TypeError(`Constructor Intl.${name} requires 'new'`);
                }
                return makeStandIn(kind, new.target ?? constructor, locales, options);
            },
        };
        setLength(constructor, kind.Real.length);
        return constructor;
    }

    /** A method that runs on the stand-in's real object. */
    function wrapMethod(kind, key, method) {
        const { [key]: wrapper } = {
            [key](...args) {
                const result = apply(method, liveOf(this, kind).real, args);
                const isLocale = kind.name === 'Locale' && isObject(result) &&
                    getPrototypeOf(result) === kind.prototype;
                if (!isLocale) return result;
                return makeStandIn(kind, kind.constructor, localeTag(kind, result));
            },
        };
        setLength(wrapper, method.length);
        return wrapper;
    }

    const localeTag = (kind, locale) => apply(kind.toString, locale, []);

    /** A getter on the real object. A function bound to that becomes one of the stand-in's. */
    function wrapGetter(kind, key, get) {
        return getOwnPropertyDescriptor({
            get [key]() {
                const value = apply(get, liveOf(this, kind).real, []);
                if (typeof value !== 'function') return value;
                return boundTo(kind, this, get, value.length);
            },
        }, key).get;
    }

    function boundTo(kind, standIn, get, length) {
        const recipe = weakMapGet(recipes, standIn);
        if (recipe.bound === undefined) {
            const bound = (first, second) => {
                const found = liveOf(standIn, kind);
                found.bound ??= apply(get, found.real, []);
                return found.bound(first, second);
            };
            defineProperty(bound, 'name', { __proto__: null, value: '' });
            setLength(bound, length);
            recipe.bound = bound;
        }
        return recipe.bound;
    }

    function setLength(target, length) {
        defineProperty(target, 'length', { __proto__: null, value: length });
    }

    /** Puts a stand-in's constructor into Intl. Its prototype stays the one that V8 made. */
    function install(name, isCallable) {
        const Real = Intl[name];
        const { prototype } = Real;
        const { resolvedOptions, toString } = prototype;
        const kind = { __proto__: null, name, Real, prototype, resolvedOptions, toString };
        kind.constructor = makeConstructor(kind, isCallable);
        const keys = ownKeys(prototype);
        for (let index = 0; index < keys.length; index++) {
            const descriptor = getOwnPropertyDescriptor(prototype, keys[index]);
            if (typeof descriptor.value === 'function') {
                descriptor.value = wrapMethod(kind, keys[index], descriptor.value);
            } else if (descriptor.get !== undefined) {
                descriptor.get = wrapGetter(kind, keys[index], descriptor.get);
            }
            defineProperty(prototype, keys[index], descriptor);
        }
        defineHidden(prototype, 'constructor', kind.constructor);
        defineProperty(kind.constructor, 'prototype', {
            __proto__: null, value: prototype, writable: false,
        });
        if (Real.supportedLocalesOf !== undefined) {
            defineHidden(kind.constructor, 'supportedLocalesOf', Real.supportedLocalesOf);
        }
        defineHidden(Intl, name, kind.constructor);
        return kind;
    }

    /** Makes a stand-in for Intl.Locale pass as a list of locales, which V8 takes everywhere. */
    function makeLocalesPassAsLists(kind) {
        const { prototype } = kind.Real;
        defineHidden(prototype, 'length', 1);
        defineProperty(prototype, '0', {
            __proto__: null, enumerable: false, configurable: true,
            get() { return localeTag(kind, liveOf(this, kind).real); },
        });
    }

    /** Stand-ins for what Segmenter.prototype.segment returns, and for its iterators. */
    function installSegments(segmenterKind, realSegment) {
        const sample = apply(realSegment, construct(segmenterKind.Real, []), ['']);
        const segmentsPrototype = getPrototypeOf(sample);
        const realContaining = segmentsPrototype.containing;
        const iteratorPrototype = getPrototypeOf(sample[symbolIterator]());

        const recipeOf = (standIn, part) => {
            const recipe = isObject(standIn) ? weakMapGet(recipes, standIn) : undefined;
            if (recipe?.part !== part) throw new TypeError(`Method called on no ${part}`);
            return recipe;
        };
        const containing = (segments, index) => {
            let found = weakMapGet(live, segments);
            if (found === undefined) {
                const { segmenter, input } = recipeOf(segments, 'Segments');
                found = apply(realSegment, liveOf(segmenter, segmenterKind).real, [input]);
                weakMapSet(live, segments, found);
            }
            return apply(realContaining, found, [index]);
        };
        const methods = {
            segment(input) {
                liveOf(this, segmenterKind);
                const segments = create(segmentsPrototype);
                weakMapSet(recipes, segments,
                    { __proto__: null, part: 'Segments', segmenter: this, input: `${input}` });
                return segments;
            },
            containing(index) {
                recipeOf(this, 'Segments');
                return containing(this, index);
            },
            [symbolIterator]() {
                recipeOf(this, 'Segments');
                const iterator = create(iteratorPrototype);
                weakMapSet(recipes, iterator,
                    { __proto__: null, part: 'iterator', segments: this, index: 0 });
                return iterator;
            },
            next() {
                const recipe = recipeOf(this, 'iterator');
                const value = containing(recipe.segments, recipe.index);
                if (value === undefined) return { value, done: true };
                recipe.index = value.index + value.segment.length;
                return { value, done: false };
            },
        };
        defineHidden(segmenterKind.Real.prototype, 'segment', methods.segment);
        defineHidden(segmentsPrototype, 'containing', methods.containing);
        defineHidden(segmentsPrototype, symbolIterator, methods[symbolIterator]);
        defineHidden(iteratorPrototype, 'next', methods.next);
    }

    const realSegment = Intl.Segmenter.prototype.segment;
    install('NumberFormat', true);
    install('DateTimeFormat', true);
    install('Collator', true);
    install('PluralRules', false);
    install('RelativeTimeFormat', false);
    install('ListFormat', false);
    install('DisplayNames', false);
    makeLocalesPassAsLists(install('Locale', false));
    installSegments(install('Segmenter', false), realSegment);
    // V8's own addition: not in the language, and not serialisable either.
    delete Intl.v8BreakIterator;

    /** Lets go of everything that holds ICU data. */
    shared.releaseIntl = () => {
        live = new WeakMap();
    };
})
