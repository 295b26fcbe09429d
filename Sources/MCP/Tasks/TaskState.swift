internal import Glibc

/// Whose a task is: nobody else can ask for it.
enum TaskOwner: Hashable, Sendable {
    /// All that is said in one conversation.
    case conversation(UInt64)
    /// Whoever the transport knows by this name, in any conversation.
    case principal(String)
}

/// A call that answers later, as it is at one moment.
struct TaskState: Sendable {
    enum Status: Sendable {
        /// Next: any other.
        case working
        /// Terminal.
        case ended(ToolResult)
        /// Terminal.
        case cancelled
    }

    let id: String
    let owner: TaskOwner
    let created: ContinuousClock.Instant
    /// Milliseconds since 1970, for people.
    let createdAt: Int64
    var updatedAt: Int64
    /// From its creation.
    var timeToLive: Duration
    var status = Status.working
    /// What it does, or what became of it.
    var message: String?
    /// When it ended; nil while it works.
    var ended: ContinuousClock.Instant?
    /// What its result counts for.
    var resultByteCount = 0

    var isWorking: Bool { if case .working = status { true } else { false } }

    func isExpired(at instant: ContinuousClock.Instant) -> Bool {
        !isWorking && instant >= created + timeToLive
    }
}

extension TaskState {
    /// The task as clients of a revision know it.
    func json(for revision: ProtocolRevision, pollInterval: Duration) -> JSONObject {
        let isModern = revision.era == .modern
        var json: JSONObject = [
            "taskId": .string(id), "status": .string(statusName(for: revision)),
        ]
        json["statusMessage"] = message.map(JSON.string)
        json["createdAt"] = .string(UTCTime.text(millisecondsSince1970: createdAt))
        json["lastUpdatedAt"] = .string(UTCTime.text(millisecondsSince1970: updatedAt))
        json[isModern ? "ttlMs" : "ttl"] = .number(JSONNumber(timeToLive.milliseconds))
        json[isModern ? "pollIntervalMs" : "pollInterval"] =
            .number(JSONNumber(pollInterval.milliseconds))
        return json
    }

    private func statusName(for revision: ProtocolRevision) -> String {
        switch status {
        case .working: "working"
        case .cancelled: "cancelled"
        // What a tool could not do has failed in one revision, and is a result in the other.
        case .ended(let result) where result.disposition == .failure && revision.era == .legacy:
            "failed"
        case .ended: "completed"
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}

/// Moments as RFC 3339 has them.
enum UTCTime {
    /// The present moment.
    static func nowMilliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Such as `2026-01-31T12:00:00.000Z`.
    static func text(millisecondsSince1970 milliseconds: Int64) -> String {
        let dayMilliseconds: Int64 = 86_400_000
        let (year, month, day) = date(daysSince1970: Int(milliseconds / dayMilliseconds))
        let seconds = Int(milliseconds % dayMilliseconds / 1000)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60]
            .map { padded($0, 2) }.joined(separator: ":")
        return "\(date)T\(time).\(padded(Int(milliseconds % 1000), 3))Z"
    }

    /// The Gregorian date of a day, counted in years that begin with March: then the leap day comes
    /// last.
    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let dayOfEra = days + 719_468
        let era = dayOfEra / 146_097
        let day = dayOfEra % 146_097
        let yearOfEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
