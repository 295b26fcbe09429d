internal import Glibc

/// A moment as clocks on walls show it; not for measuring.
package struct WallTime: Hashable, Sendable {
    /// Milliseconds since the first of January 1970, UTC.
    package var millisecondsSince1970: Int64

    /// Makes a moment.
    package init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// The present moment.
    package static func now() -> WallTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(time)
    }

    /// Reads the system's form of a moment.
    init(_ time: timespec) {
        millisecondsSince1970 = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The moment that is so much earlier.
    package static func - (moment: WallTime, duration: Duration) -> WallTime {
        WallTime(
            millisecondsSince1970: moment.millisecondsSince1970
                - Int64(duration / .milliseconds(1)))
    }
}

extension WallTime: Comparable {
    /// Orders moments from past to future.
    package static func < (left: WallTime, right: WallTime) -> Bool {
        left.millisecondsSince1970 < right.millisecondsSince1970
    }
}

extension timespec {
    init(_ moment: WallTime) {
        let milliseconds = moment.millisecondsSince1970
        self.init(
            tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    }
}
