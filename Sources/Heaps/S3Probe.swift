internal import S3

/// Finds out at the start whether a bucket's service does what heaps need, under a key of its own.
struct S3Probe {
    /// How many races are run at once: a service that lets two win need not do so each time.
    private static let raceCount = 8
    /// Two for each object: a service that lets more wait for each other may do so by the second
    /// (SeaweedFS does), and who lets two of more win lets two of two win as well.
    private static let racerCount = 2

    let client: S3Client
    /// Before every key.
    let prefix: String
    let nonce: UInt64

    /// What a service got wrong; empty if nothing.
    func run() async throws(S3Error) -> [String] {
        let faults: [String]
        do throws(S3Error) {
            faults = try await checks()
        } catch {
            await cleanUp()
            throw error
        }
        await cleanUp()
        return faults
    }

    private var folder: String { "\(prefix)probe/\(String(nonce, radix: 16))/" }

    private func checks() async throws(S3Error) -> [String] {
        var faults: [String] = []
        let key = folder + "object"
        let one = Array("one".utf8)
        let two = Array("two".utf8)
        guard let first = try await write(one, to: key, if: .absent) else {
            return ["it says of a key that was never written that there is an object"]
        }
        guard try await client.get(key, byteCountMax: 99)?.bytes == one else {
            return ["it does not return what was written"]
        }
        if try await write(two, to: key, if: .absent) != nil {
            faults.append("it overwrites an object although If-None-Match: * forbids it")
        }
        let other = "\"00000000000000000000000000000000\""
        if try await write(two, to: key, if: .unchanged(other)) != nil {
            faults.append("it overwrites an object although If-Match names another entity tag")
        }
        // Whoever ignores conditions has overwritten it by now.
        if faults.isEmpty, try await write(two, to: key, if: .unchanged(first)) == nil {
            faults.append(
                "it refuses If-Match with the object's own entity tag (try --s3-etag-quoting "
                    + "unquoted)")
        }
        let absent = folder + "absent"
        if try await write(one, to: absent, if: .unchanged(first)) != nil {
            faults.append("it writes where there is no object although If-Match names one")
        }
        guard faults.isEmpty else { return faults }
        if let fault = try await races() { return [fault] }
        let listed = try await client.list(prefix: folder, after: folder, limit: 100).keys
        if listed != [key] + (1...Self.raceCount).map({ "\(folder)race\($0)" }) {
            faults.append("it does not list what was written, in order")
        }
        try await client.delete(key)
        if try await client.head(key) != nil {
            faults.append("an object is there after it was deleted")
        }
        return faults
    }

    /// Lets writers meet on several objects: one of them creates, then one of them replaces.
    private func races() async throws(S3Error) -> String? {
        let results = await withTaskGroup(of: Result<String?, S3Error>.self) { group in
            for number in 1...Self.raceCount {
                group.addTask {
                    do throws(S3Error) {
                        return .success(try await race("race\(number)"))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for result in results {
            if let fault = try result.get() { return fault }
        }
        return nil
    }

    private func race(_ name: String) async throws(S3Error) -> String? {
        let key = folder + name
        let created = try await winners(of: key, if: .absent)
        guard created.count == 1 else {
            return "of \(Self.racerCount) writers that create one object at once "
                + "\(created.count) are told that they did"
        }
        let replaced = try await winners(of: key, if: .unchanged(created[0]))
        guard replaced.count == 1 else {
            return "of \(Self.racerCount) writers that replace one object at once "
                + "\(replaced.count) are told that they did"
        }
        return nil
    }

    private func winners(
        of key: String, if condition: S3WriteCondition
    ) async throws(S3Error) -> [String] {
        let results = await withTaskGroup(of: Result<String?, S3Error>.self) { group in
            for racer in 0..<Self.racerCount {
                group.addTask {
                    let bytes = Array("\(condition == .absent) \(racer)".utf8)
                    do throws(S3Error) {
                        return .success(try await write(bytes, to: key, if: condition))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var tags: [String] = []
        for result in results {
            if let tag = try result.get() { tags.append(tag) }
        }
        return tags
    }

    /// Writes what nobody else does; the new tag, or nil if the condition did not hold.
    private func write(
        _ bytes: [UInt8], to key: String, if condition: S3WriteCondition
    ) async throws(S3Error) -> String? {
        switch try await client.put(key, bytes, if: condition, use: .record) {
        case .stored(let tag): return tag
        case .refused(afterUncertainAttempt: false): return nil
        case .refused(afterUncertainAttempt: true):
            // The retry may have met what the first attempt had stored.
            let present = try await client.get(key, byteCountMax: 99)
            return present?.bytes == bytes ? present?.info.tag : nil
        }
    }

    /// Removes what the probe has written, as long as the service answers; what stays is small and
    /// out of the way.
    private func cleanUp() async {
        let names = ["object", "absent"] + (1...Self.raceCount).map { "race\($0)" }
        for name in names {
            do throws(S3Error) { try await client.delete(folder + name) } catch { return }
        }
    }
}
