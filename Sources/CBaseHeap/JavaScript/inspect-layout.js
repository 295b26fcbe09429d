// How the inspector arranges the parts of an object: on one line, one to a line, or, for lists of
// more than six short elements, in columns. The measures are Node's, so that output looks the same.
(function (host, shared) {
    'use strict';

    const {
        floor, join, max, min, newList, round, sqrt, stringIncludes, stringPadEnd, stringPadStart,
        stringRepeat,
    } = shared.primordials;
    const { ownDescriptorOf } = shared.lookups;
    const { widthOf } = shared.text;

    const separatorWidth = 2;
    const columnCountMax = 15;
    // Of a character cell; it makes a block of columns look square rather than tall.
    const heightToWidth = 2.5;

    /** The widest cell of each column, with its separator. */
    function columnWidths(widths, columnCount) {
        const columns = newList();
        for (let column = 0; column < columnCount; column++) {
            let widest = 0;
            for (let cell = column; cell < widths.length; cell += columnCount) {
                widest = max(widest, widths[cell]);
            }
            columns[column] = widest + separatorWidth;
        }
        return columns;
    }

    function areNumbers(value, count) {
        if (value === undefined) return true;
        for (let index = 0; index < count; index++) {
            const type = typeof ownDescriptorOf(value, index)?.value;
            if (type !== 'number' && type !== 'bigint') return false;
        }
        return true;
    }

    function columnCountFor(context, widths, cellCount) {
        let total = 0;
        let widest = 0;
        for (let cell = 0; cell < widths.length; cell++) {
            total += widths[cell] + separatorWidth;
            widest = max(widest, widths[cell]);
        }
        const widestColumn = widest + separatorWidth;
        const fits = widestColumn * 3 + context.indentation < context.breakLength;
        if (!fits || !(total / widestColumn > 5 || widest <= 6)) return 1;
        const bias = sqrt(widestColumn - total / cellCount);
        const width = max(widestColumn - 3 - bias, 1);
        return min(
            round(sqrt(heightToWidth * width * widths.length) / width),
            floor((context.breakLength - context.indentation) / widestColumn),
            context.compact * 4,
            columnCountMax
        );
    }

    /**
     * The cells joined into rows, or the same list if columns would not help. `value` is what the
     * cells are of: numbers are aligned to the right. A last cell that counts what is not shown
     * stays a row of its own.
     */
    function inColumns(context, cells, value) {
        const hasRemainder = context.arrayLengthMax < cells.length;
        const count = hasRemainder ? cells.length - 1 : cells.length;
        const widths = newList();
        for (let cell = 0; cell < count; cell++) widths[cell] = widthOf(cells[cell]);
        const columnCount = columnCountFor(context, widths, cells.length);
        if (columnCount <= 1) return cells;

        const columns = columnWidths(widths, columnCount);
        const isRightAligned = areNumbers(value, cells.length);
        const pad = isRightAligned ? stringPadStart : stringPadEnd;
        const rows = newList();
        for (let first = 0; first < count; first += columnCount) {
            const last = min(first + columnCount, count) - 1;
            let row = '';
            for (let cell = first; cell < last; cell++) {
                const hidden = cells[cell].length - widths[cell];
                row += pad(`${cells[cell]}, `, columns[cell - first] + hidden, ' ');
            }
            const hidden = cells[last].length - widths[last];
            row += isRightAligned
                ? stringPadStart(cells[last], columns[last - first] + hidden - separatorWidth, ' ')
                : cells[last];
            rows[rows.length] = row;
        }
        if (hasRemainder) rows[rows.length] = cells[count];
        return rows;
    }

    function fitsOneLine(context, parts, start, base) {
        let length = parts.length + start;
        if (length + parts.length > context.breakLength) return false;
        for (let part = 0; part < parts.length; part++) {
            length += parts[part].length;
            if (length > context.breakLength) return false;
        }
        return base === '' || !stringIncludes(base, '\n');
    }

    /**
     * The parts between the shape's braces. At most `compact` levels of nesting share a line.
     */
    function arrange(context, parts, shape, recursion) {
        const count = parts.length;
        if (shape.isList && count > 6) parts = inColumns(context, parts, shape.columnsOf);
        const base = shape.base === '' ? '' : `${shape.base} `;
        if (context.innermost - recursion < context.compact && count === parts.length) {
            const start = parts.length + context.indentation + shape.open.length +
                shape.base.length + 10;
            if (fitsOneLine(context, parts, start, shape.base)) {
                const joined = join(parts, ', ');
                if (!stringIncludes(joined, '\n')) {
                    return `${base}${shape.open} ${joined} ${shape.close}`;
                }
            }
        }
        const margin = '\n' + stringRepeat(' ', context.indentation);
        return `${base}${shape.open}${margin}  ${join(parts, `,${margin}  `)}` +
            `${margin}${shape.close}`;
    }

    shared.arrange = arrange;
})
