// console.table: rows and columns in a frame, as Node draws it.
(function (host, shared) {
    'use strict';

    const {
        create, join, mapEntries, mapIteratorNext, max, newList, objectKeys, setIteratorNext,
        isArray, setValues, stringRepeat,
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

    function tableOfMap(map) {
        const rows = newList();
        const iterator = mapEntries(map);
        for (let step = mapIteratorNext(iterator); !step.done && rows.length < rowCountMax;) {
            rows[rows.length] =
                listOf(`${rows.length}`, cellText(step.value[0]), cellText(step.value[1]));
            step = mapIteratorNext(iterator);
        }
        return draw(listOf('(iteration index)', 'Key', 'Values'), rows);
    }

    function tableOfSet(set) {
        const rows = newList();
        const iterator = setValues(set);
        for (let step = setIteratorNext(iterator); !step.done && rows.length < rowCountMax;) {
            rows[rows.length] = listOf(`${rows.length}`, cellText(step.value));
            step = setIteratorNext(iterator);
        }
        return draw(listOf('(iteration index)', 'Values'), rows);
    }

    function columnsOf(chosen) {
        const columns = newList();
        for (let index = 0; index < chosen.length; index++) columns[index] = `${chosen[index]}`;
        return columns;
    }

    function tableOfRows(data, chosen) {
        const rowNames = objectKeys(data);
        // As keys of an object, so that a column is there once and indices come first.
        const columns = create(null);
        const rows = newList();
        const values = newList();
        let hasValues = false;
        for (let index = 0; index < rowNames.length && index < rowCountMax; index++) {
            const item = ownDescriptorOf(data, rowNames[index])?.value;
            const object = isObject(item) ? unwrapProxy(item) : null;
            const cells = create(null);
            if (object === null || typeof item === 'function') {
                values[index] = cellText(item);
                hasValues = true;
            } else {
                const names = chosen ?? objectKeys(object);
                for (let column = 0; column < names.length; column++) {
                    const name = names[column];
                    columns[name] = true;
                    const descriptor = ownDescriptorOf(object, name);
                    cells[name] = descriptor === undefined ? '' : cellText(descriptor.value);
                }
            }
            rows[index] = cells;
        }
        const titles = chosen ?? objectKeys(columns);
        return drawRows(rowNames, titles, rows, hasValues ? values : undefined);
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
        return tableOfRows(data, chosen === undefined ? undefined : columnsOf(chosen));
    };
})
