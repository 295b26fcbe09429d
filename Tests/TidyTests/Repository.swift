import Foundation

/// The files that the rules look at, found from where this file was compiled.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file that is the project's own.
    static let files: [SourceFile] = find()

    /// Files in a language that the rules can read.
    static var sources: [SourceFile] { files.filter { $0.language != nil } }

    /// Swift files below these folders.
    static func swift(in folders: String...) -> [SourceFile] {
        files.filter { file in
            file.language == .swift && folders.contains { file.path.hasPrefix($0 + "/") }
        }
    }

    /// What git has under version control by this name.
    static func tracked(_ name: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: root.appending(path: ".git").path) else {
            return []
        }
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", root.path, "ls-files", "--", name, "**/" + name]
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let listed = try output.fileHandleForReading.readToEnd() ?? Data()
        git.waitUntilExit()
        return String(decoding: listed, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static let foldersNotOurs = [".git", ".build", ".deps", ".venv", "__pycache__"]
    private static let byteCountMax = 4 << 20

    private static func find() -> [SourceFile] {
        var found: [SourceFile] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let place = root.appending(path: folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
            for name in names.sorted() where !foldersNotOurs.contains(where: name.hasPrefix) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                let url = root.appending(path: path)
                let values = try? url.resourceValues(
                    forKeys: [.isDirectoryKey, .isSymbolicLinkKey, .fileSizeKey])
                if values?.isSymbolicLink == true { continue }
                if values?.isDirectory == true {
                    folders.append(path)
                } else if let size = values?.fileSize, size <= byteCountMax,
                    let content = try? Data(contentsOf: url), !content.contains(0),
                    let text = String(data: content, encoding: .utf8)
                {
                    found.append(SourceFile(path, text))
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}
