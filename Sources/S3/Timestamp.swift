internal import Glibc

/// A moment, as AWS's protocols write it.
package struct Timestamp: Hashable, Sendable {
    /// Milliseconds since the first of January 1970, UTC.
    package var millisecondsSince1970: Int64

    /// Makes a moment.
    package init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// The present moment.
    package static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            millisecondsSince1970: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The form of signatures, such as `20130524T000000Z`.
    package var basicText: String {
        let seconds = Self.floorDivide(millisecondsSince1970, by: 1000)
        let date = Self.civil(daysSince1970: Self.floorDivide(seconds, by: 86_400))
        let time = seconds - Self.floorDivide(seconds, by: 86_400) * 86_400
        let parts = [time / 3600, time / 60 % 60, time % 60].map { Self.padded($0, 2) }
        return Self.padded(date.year, 4) + Self.padded(date.month, 2) + Self.padded(date.day, 2)
            + "T" + parts.joined() + "Z"
    }

    /// Reads ISO 8601, such as `2026-11-27T09:48:35.250Z` or with an offset, and with a blank for
    /// the `T`; nil for anything else.
    package init?(iso8601 text: some StringProtocol) {
        let parts = text.split { $0 == "T" || $0 == " " }
        guard parts.count == 2 else { return nil }
        let date = parts[0].split(separator: "-").map { Int64($0) }
        var clock = parts[1][...]
        var offset: Int64 = 0
        if clock.last == "Z" || clock.last == "z" {
            clock = clock.dropLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            var digits = String(clock[clock.index(after: sign)...].filter { $0 != ":" })
            if digits.count == 2 { digits += "00" }
            guard digits.count == 4, let hours = Int64(digits.prefix(2)),
                let minutes = Int64(digits.suffix(2))
            else { return nil }
            offset = (hours * 60 + minutes) * (clock[sign] == "-" ? -60 : 60)
            clock = clock[..<sign]
        } else {
            return nil
        }
        let whole = clock.split(separator: ".").first ?? ""
        let time = whole.split(separator: ":").map { Int64($0) }
        guard let seconds = Self.seconds(date: date, time: time) else { return nil }
        self.init(millisecondsSince1970: (seconds - offset) * 1000)
    }

    /// Reads HTTP's form, such as `Fri, 27 Nov 2026 09:48:35 GMT`; nil for anything else.
    init?(httpDate text: some StringProtocol) {
        let parts = text.split(separator: " ")
        let months =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
            + ["Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT" || parts[5] == "UTC",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let date = [Int64(parts[3]), Int64(month + 1), Int64(parts[1])]
        let time = parts[4].split(separator: ":").map { Int64($0) }
        guard let seconds = Self.seconds(date: date, time: time) else { return nil }
        self.init(millisecondsSince1970: seconds * 1000)
    }

    /// How much later this is than another moment.
    package func duration(since earlier: Timestamp) -> Duration {
        .milliseconds(millisecondsSince1970 - earlier.millisecondsSince1970)
    }

    /// The moment that is so much later.
    package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(
            millisecondsSince1970: moment.millisecondsSince1970
                + Int64(duration / .milliseconds(1)))
    }

    private static func seconds(date: [Int64?], time: [Int64?]) -> Int64? {
        let date = date.compactMap(\.self)
        let time = time.compactMap(\.self)
        guard date.count == 3, time.count == 3, (1970...9999).contains(date[0]),
            (1...12).contains(date[1]), (1...31).contains(date[2]), (0...24).contains(time[0]),
            (0...59).contains(time[1]), (0...60).contains(time[2])
        else { return nil }
        let days = daysSince1970(year: date[0], month: date[1], day: date[2])
        return days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }

    /// Years begin in March here, so that the day that comes and goes is their last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floorDivide(year, by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(
        daysSince1970 days: Int64
    ) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let era = floorDivide(days, by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shifted + 2) / 5 + 1
        )
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension Timestamp: Comparable {
    /// Orders moments from past to future.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSince1970 < right.millisecondsSince1970
    }
}
