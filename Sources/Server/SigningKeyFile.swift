internal import Foundation
internal import Heaps

extension SigningKeys {
    /// Reads the file of `--signing-key-file`, however that is spelled.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` if others could read or change it, or if its keys
    ///   are no good.
    init(readingSettingsFile path: String, of option: String) throws(SettingsError) {
        let flag = "\(option) \(path)"
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw .invalid("\(flag) cannot be read: \(error.localizedDescription)")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw .invalid("\(flag) is not a file")
        }
        let owner = (attributes[.ownerAccountID] as? NSNumber)?.uint32Value
        guard let owner, [geteuid(), 0].contains(owner) else {
            throw .invalid("\(flag) belongs to another user: whoever has the key can forge heaps")
        }
        let mode = (attributes[.posixPermissions] as? NSNumber)?.uint32Value ?? 0o777
        guard mode & 0o077 == 0 else {
            let text = String(mode, radix: 8)
            throw .invalid("\(flag) can be used by others (mode \(text)): run chmod 600 on it")
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .invalid("\(flag) cannot be read")
        }
        let content: Data?
        do { content = try handle.read(upToCount: SigningKeys.fileByteCountMax + 1) } catch {
            throw .invalid("\(flag) cannot be read: \(error.localizedDescription)")
        }
        do { try self.init(file: Array(content ?? Data())) } catch {
            throw .invalid("\(flag): \(error)")
        }
    }
}
