// console.table: rows and columns in a frame, as Node draws it.
(function (host, shared) {
    'use strict';

    const {
        apply, create, join, mapEntries, mapIteratorNext, max, newList, objectKeys, setIteratorNext,
        isArray, min, setValues, stringRepeat,
    } = shared.primordials;
    const { isObject, ownDescriptorOf, unwrapProxy } = shared.lookups;
    const { widthOf } = shared.text;

    // More rows are not drawn: the whole table is in memory before any of it is printed.
    const rowCountMax = 1_000;

    function cellText(value) {
        const isSmall = !isObject(value) || isArray(value) || objectKeys(value).length <= 2;
        return shared.inspect(value, {
            __proto__: null, depth: isSmall ? 0 : -1, arrayLengthMax: 3, breakLength: 1e9,
            callsUserCode: true,
        });
    }

    function drawRow(cells, widths) {
        let row = '\u2502';
        for (let column = 0; column < cells.length; column++) {
            const spare = widths[column] - 1 - widthOf(cells[column]);
            row += ` ${cells[column]}${stringRepeat(' ', spare)}`;
            if (column < cells.length - 1) row += '\u2502';
        }
        return `${row}\u2502`;
    }

    function draw(titles, rows) {
        const widths = newList();
        const lines = newList();
        for (let column = 0; column < titles.length; column++) {
            let width = widthOf(titles[column]);
            for (let row = 0; row < rows.length; row++) {
                rows[row][column] ??= '';
                width = max(width, widthOf(rows[row][column]));
            }
            widths[column] = width + 2;
            lines[column] = stringRepeat('\u2500', width + 2);
        }
        let text = `\u250c${join(lines, '\u252c')}\u2510\n${drawRow(titles, widths)}\n` +
            `\u251c${join(lines, '\u253c')}\u2524\n`;
        for (let row = 0; row < rows.length; row++) text += `${drawRow(rows[row], widths)}\n`;
        return `${text}\u2514${join(lines, '\u2534')}\u2518`;
    }

    const listOf = (...values) => {
        const list = newList();
        for (let index = 0; index < values.length; index++) list[index] = values[index];
        return list;
    };

    const keyTitles = () => listOf('(iteration index)', 'Key', 'Values');
    const valueTitles = () => listOf('(iteration index)', 'Values');

    function tableOfMap(map) {
        const rows = newList();
        const iterator = mapEntries(map);
        for (let step = mapIteratorNext(iterator); !step.done && rows.length < rowCountMax;) {
            rows[rows.length] =
                listOf(`${rows.length}`, cellText(step.value[0]), cellText(step.value[1]));
            step = mapIteratorNext(iterator);
        }
        return draw(keyTitles(), rows);
    }

    function tableOfSet(set) {
        const rows = newList();
        const iterator = setValues(set);
        for (let step = setIteratorNext(iterator); !step.done && rows.length < rowCountMax;) {
            rows[rows.length] = listOf(`${rows.length}`, cellText(step.value));
            step = setIteratorNext(iterator);
        }
        return draw(valueTitles(), rows);
    }

    /** What an iterator has still to give, which it keeps. */
    function tableOfIterator(iterator, kind) {
        const preview = host.previewEntries(iterator);
        const entries = preview === undefined ? newList() : preview[0];
        const isOfPairs = kind === 'MapIterator' && preview !== undefined && preview[1];
        const rows = newList();
        const count = min(isOfPairs ? entries.length / 2 : entries.length, rowCountMax);
        for (let row = 0; row < count; row++) {
            rows[row] = isOfPairs
                ? listOf(`${row}`, cellText(entries[row * 2]), cellText(entries[row * 2 + 1]))
                : listOf(`${row}`, cellText(entries[row]));
        }
        return draw(isOfPairs ? keyTitles() : valueTitles(), rows);
    }

    function columnsOf(chosen) {
        const columns = newList();
        for (let index = 0; index < chosen.length; index++) columns[index] = `${chosen[index]}`;
        return columns;
    }

    /** The text of an own property's value, for which a getter is called; '' if there is none. */
    function cellOf(object, name) {
        const descriptor = ownDescriptorOf(object, name);
        return descriptor === undefined ? '' : cellText(valueOf(object, descriptor));
    }

    const valueOf = (object, descriptor) => (descriptor?.get === undefined
        ? descriptor?.value
        : apply(descriptor.get, object, []));

    function tableOfRows(data, chosen) {
        const rowNames = objectKeys(data);
        // As keys of an object, so that a column is there once and indices come first.
        const columns = create(null);
        const rows = newList();
        const values = newList();
        let hasValues = false;
        for (let index = 0; index < rowNames.length && index < rowCountMax; index++) {
            const item = valueOf(data, ownDescriptorOf(data, rowNames[index]));
            const object = isObject(item) ? unwrapProxy(item) : null;
            const cells = create(null);
            if (object === null && chosen === undefined) {
                values[index] = cellText(item);
                hasValues = true;
            } else {
                const names = chosen ?? objectKeys(object);
                for (let column = 0; column < names.length; column++) {
                    const name = names[column];
                    columns[name] = true;
                    cells[name] = object === null ? '' : cellOf(object, name);
                }
            }
            rows[index] = cells;
        }
        return drawRows(rowNames, objectKeys(columns), rows, hasValues ? values : undefined);
    }

    function drawRows(rowNames, columns, rows, values) {
        const titles = listOf('(index)');
        for (let column = 0; column < columns.length; column++) {
            titles[column + 1] = columns[column];
        }
        if (values !== undefined) titles[titles.length] = 'Values';
        const drawn = newList();
        for (let row = 0; row < rows.length; row++) {
            drawn[row] = listOf(rowNames[row]);
            for (let column = 0; column < columns.length; column++) {
                drawn[row][column + 1] = rows[row][columns[column]] ?? '';
            }
            if (values !== undefined) drawn[row][titles.length - 1] = values[row] ?? '';
        }
        return draw(titles, drawn);
    }

    /** The table of an object that is no Proxy. */
    shared.table = (data, chosen) => {
        const kind = host.classOf(data);
        if (kind === 'Map') return tableOfMap(data);
        if (kind === 'Set') return tableOfSet(data);
        if (kind === 'MapIterator' || kind === 'SetIterator') return tableOfIterator(data, kind);
        return tableOfRows(data, chosen === undefined ? undefined : columnsOf(chosen));
    };
})
