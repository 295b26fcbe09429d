/// How closely a storage is looked at.
package enum CheckDepth: Hashable, Sendable {
    /// Heads, and the records of versions.
    case records
    /// Snapshots too: each is unpacked and its digest compared.
    case snapshots
}

/// What is done with a damaged object.
package enum DamageResponse: Hashable, Sendable {
    case report
    /// It is moved to where only a person looks for it.
    case setAside
}

/// Something that is not as it should be.
package struct HeapProblem: Hashable, Sendable {
    /// Where it is.
    package var key: StorageKey
    /// What it is.
    package var error: HeapError
    /// Whether it was moved away.
    package var isSetAside = false
}

/// What a check found.
package struct CheckReport: Hashable, Sendable {
    /// How many heads were looked at.
    package var headCount = 0
    /// How many versions were looked at.
    package var versionCount = 0
    /// How many bytes the versions take.
    package var byteCount = 0
    /// What is wrong.
    package var problems: [HeapProblem] = []
}

extension HeapRepository {
    /// Looks at every version and every head; safe while others use the storage.
    package func check(
        _ depth: CheckDepth, onDamage response: DamageResponse
    ) async throws(HeapError) -> CheckReport {
        var report = CheckReport()
        // Heads come last: a head whose version was moved away points at nothing.
        for folder in [StorageKey.Folder.versions, .heads] {
            var after: StorageKey?
            repeat {
                let page = try await storage.list(
                    folder, prefix: "", after: after, limit: Self.pageCountMax)
                for key in page.keys {
                    do throws(HeapError) {
                        try await check(key, depth, &report)
                    } catch {
                        var problem = HeapProblem(key: key, error: error)
                        if response == .setAside, error.isDamage(of: key) {
                            problem.isSetAside = await setAside(key, &report)
                        }
                        report.problems.append(problem)
                    }
                }
                after = page.next
            } while after != nil
        }
        return report
    }

    /// Moves an object away; that it cannot be moved is one more problem, and not the last.
    private func setAside(_ key: StorageKey, _ report: inout CheckReport) async -> Bool {
        do throws(HeapError) {
            return try await storage.setAside(key) == .done
        } catch {
            report.problems.append(HeapProblem(key: key, error: error))
            return false
        }
    }

    private func check(
        _ key: StorageKey, _ depth: CheckDepth, _ report: inout CheckReport
    ) async throws(HeapError) {
        switch key.folder {
        case .heads:
            report.headCount += 1
            guard let name = HeapName(encoded: key.name) else { return }
            do throws(HeapError) {
                _ = try await root(of: name)
            } catch .damaged(let other, _) where other != key {
                // Told of already, where it lies.
            }
        case .versions:
            let version = try HeapVersion(key.name)
            report.versionCount += 1
            guard let record = try await record(of: version, signedWith: keys) else { return }
            report.byteCount += record.storedByteCount
            do throws(HeapError) {
                switch depth {
                case .records: try await checkPrefix(of: record)
                case .snapshots: _ = try await open(try await envelope(of: version))
                }
            } catch .versionNotFound {
                // Collected a moment ago.
            } catch .damaged(_, .prefixMissing(let prefix)) {
                // Both may have been collected a moment ago.
                guard try await self.record(of: version) != nil else { return }
                throw .damaged(key, .prefixMissing(prefix))
            }
        }
    }
}

extension HeapRepository {
    private func checkPrefix(of record: VersionRecord) async throws(HeapError) {
        guard let prefix = record.packing.prefix else { return }
        let found: VersionRecord?
        do throws(HeapError) {
            found = try await self.record(of: prefix)
        } catch .damaged {
            // Told of where it lies.
            return
        }
        if found == nil { throw .damaged(.version(record.version), .prefixMissing(prefix)) }
    }
}

extension HeapError {
    /// Whether an object is certainly not what was stored; one of a later format, or one that is
    /// signed otherwise, may well be.
    fileprivate func isDamage(of key: StorageKey) -> Bool {
        switch self {
        case .damaged(_, .unknownFormat), .damaged(_, .unknownEncoding),
            .damaged(_, .prefixMissing), .damaged(_, .unsigned), .damaged(_, .signatureMismatch),
            .damaged(_, .keyMissing), .damaged(_, .unreadable):
            false
        case .damaged(let damaged, _): damaged == key
        default: false
        }
    }
}

extension HeapProblem: CustomStringConvertible {
    /// One line: where, what, and what was done.
    package var description: String {
        let what =
            switch error {
            case .damaged(_, let damage): "\(damage)"
            default: "\(error)"
            }
        return "\(key): \(what)" + (isSetAside ? " (set aside)" : "")
    }
}
