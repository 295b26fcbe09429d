/// The files `config` and `credentials` of the AWS tools: sections of settings.
///
/// Read as botocore reads them, which the AWS command line is made of: an indented line goes on
/// with the setting above it, `#` and `;` begin a comment at the start of a line only, and a file
/// with a line that is none of a section, a setting and a comment is refused.
struct ProfileFile: Sendable {
    /// A section's settings: a text each, or further settings under one name.
    struct Section: Hashable, Sendable {
        fileprivate(set) var values: [String: String] = [:]
        fileprivate(set) var nested: [String: [String: String]] = [:]

        /// What another section says comes first.
        mutating func merge(_ other: Section) {
            values.merge(other.values) { $1 }
            nested.merge(other.nested) { $1 }
        }
    }

    /// How a file names its profiles.
    enum Form: Sendable {
        /// `[profile NAME]`, except `[default]`; other kinds of sections too.
        case config
        /// `[NAME]`.
        case credentials
    }

    /// By name.
    private(set) var profiles: [String: Section] = [:]
    /// What `services` in a profile refers to, by name.
    private(set) var services: [String: Section] = [:]

    init() {}

    /// Reads a file.
    ///
    /// - Parameter path: the file's name, for errors.
    /// - Throws: ``S3Error/invalidConfiguration(_:)`` with the line that makes no sense.
    init(_ text: String, form: Form, path: String = "the file") throws(S3Error) {
        for (name, settings) in try SettingsFile(text, path: path).sections {
            let section = try Section(settings, path: path)
            switch form {
            case .credentials: profiles[name] = section
            case .config:
                if name == "default" { profiles[name] = section }
                // Such as `profile "my own"`.
                guard let words = ShellWords.split(name), words.count == 2 else { continue }
                if name.hasPrefix("profile") { profiles[words[1]] = section }
                if name.hasPrefix("services") { services[words[1]] = section }
            }
        }
    }

    /// What another file says comes first.
    mutating func merge(_ other: ProfileFile) {
        for (name, section) in other.profiles { profiles[name, default: Section()].merge(section) }
        for (name, section) in other.services { services[name, default: Section()].merge(section) }
    }
}

extension ProfileFile.Section {
    /// Takes settings apart that have lines of settings of their own.
    fileprivate init(_ settings: [String: String], path: String) throws(S3Error) {
        for (name, value) in settings {
            guard value.hasPrefix("\n") else {
                values[name] = value
                continue
            }
            var inner: [String: String] = [:]
            for line in value.split(separator: "\n") where !line.allSatisfy(\.isWhitespace) {
                guard let mark = line.firstIndex(of: "=") else {
                    throw .invalidConfiguration(
                        "\(path): below \(name) stands \"\(line)\", which is no setting such as "
                            + "region = us-east-1")
                }
                inner[line[..<mark].trimmed] = line[line.index(after: mark)...].trimmed
            }
            nested[name] = inner
        }
    }
}
