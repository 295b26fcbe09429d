extension HeapError: CustomStringConvertible {
    /// What went wrong and what to do about it, for a person.
    package var description: String {
        switch self {
        case .invalidName(let given):
            "\(given.debugDescription) is not a heap name: \(HeapName.rule)"
        case .invalidVersion(let given):
            "\(given.debugDescription) is not a version: a version is 64 lower-case hex digits."
        case .invalidReference(let given):
            "\(given.debugDescription) names no version of a heap: \(HeapReference.rule)"
        case .heapNotFound(let name, let existing):
            "There is no heap \(name). "
                + (existing.isEmpty
                    ? "No heap exists yet." : "Heaps that exist: \(Self.listing(existing)).")
        case .versionNotFound(let version):
            "There is no version \(version)."
        case .versionNotInHistory(let name, let prefix, let newest):
            "No version that is kept starts with \(prefix). "
                + "The newest of \(name): \(Self.listing(newest))."
        case .ambiguousVersion(let name, let prefix, let matches):
            "Several versions\(name.map { " of \($0)" } ?? "") start with \(prefix): "
                + "\(Self.listing(matches)). "
                + "Give more digits."
        case .conflict(let conflict):
            conflict.description
        case .heapExists(let head):
            "There is a heap \(head.name) already, at \(head.version.short) (run "
                + "\(head.runNumber)). Choose another name, or say that it is to be replaced: "
                + "what it holds now is then version \(head.version) only, and kept for a while."
        case .archiveRefused(let damage):
            "The file is no export of mcp-v8, or is damaged: \(damage). Nothing was imported."
        case .incompatible(let version, let snapshot, let running):
            "Version \(version.short) was made by \(snapshot), but this server runs \(running). "
                + "Only an equal build can restore it."
        case .snapshotTooLarge(let byteCount, let limit):
            "The snapshot has \(byteCount) bytes; the limit is \(limit)."
        case .damaged(let key, let damage):
            "\(key) is damaged or not ours: \(damage)."
        case .storageBusy(let path):
            "Another process holds the lock of \(path). Try again."
        case .storageFull(let path, let neededByteCount):
            "There is no room for \(neededByteCount) bytes at \(path). "
                + "Delete heaps or give it more room; what was stored before is unharmed."
        case .storageUnavailable(let path, let reason):
            "The storage failed at \(path): \(reason)."
        case .storageRefused(let path, let refusal):
            "\(path) cannot keep heaps: \(refusal)"
        }
    }

    private static func listing(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: ", ")
    }
}

extension HeapConflict: CustomStringConvertible {
    /// Who moved the head where, and what was kept.
    package var description: String {
        let before = expected.map { "at \($0.short)" } ?? "absent"
        let now =
            actual.map { "it is at \($0.version.short) (run \($0.runNumber))" } ?? "it is gone"
        let rest = kept.map { " What this run made is kept as version \($0)." } ?? ""
        return "The heap \(name) was expected \(before), but \(now).\(rest)"
    }
}

extension EnvelopeDamage: CustomStringConvertible {
    /// A clause for the end of a sentence.
    package var description: String {
        switch self {
        case .unknownMagic: "it does not start as a stored heap does"
        case .unknownFormat(let format): "its format \(format) is not known to this build"
        case .unknownEncoding(let encoding): "its encoding \(encoding) is not known to this build"
        case .truncated: "its end is missing"
        case .extraBytes: "bytes follow its end"
        case .invalidHeader: "its header makes no sense"
        case .versionMismatch: "its header is not that of this version"
        case .invalidPacking: "its snapshot cannot be unpacked"
        case .digestMismatch: "it does not have the recorded digest"
        case .notAFile: "it is no file"
        case .unreadable(let reason): "it cannot be read (\(reason))"
        case .prefixMissing(let version):
            "its snapshot was packed behind that of version \(version), which is missing"
        case .unsigned:
            "it is not signed, and with --signing-key-file only what is signed is taken"
        case .signatureMismatch:
            "its signature was made by none of the keys in the file of --signing-key-file"
        case .keyMissing:
            "it is signed: give the --signing-key-file that it was signed with"
        }
    }
}

extension StorageRefusal: CustomStringConvertible {
    /// What is wrong and how to put it right.
    package var description: String {
        switch self {
        case .ownedByAnother(let userID, let ourUserID):
            "it belongs to user \(userID), and this process runs as user \(ourUserID). "
                + "Choose another directory or change its owner."
        case .writableByOthers(let mode):
            "others may write to it (mode \(String(mode, radix: 8))). Run chmod 700 on it."
        case .linkOfAnother(let userID):
            "it is a symbolic link made by user \(userID). Choose another directory."
        case .notADirectory:
            "it is not a directory."
        case .notEmpty(let found):
            "it is not a directory of heaps and is not empty (it holds \(found.debugDescription)). "
                + "Choose an empty or a new directory."
        case .unknownFormat(let found):
            "its format is \(found.debugDescription), which this build does not know. "
                + "Use the mcp-v8 that wrote it, or another directory."
        case .ignoresConditions(let faults):
            "\(faults.joined(separator: "; ")). Two servers would lose each other's heaps there. "
                + "Use another service, or --unsafe-single-writer if this server is the only one "
                + "that ever uses it."
        }
    }
}
