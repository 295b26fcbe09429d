internal import Logging

/// What the server tells of itself, and the file with its options.
struct LogOptions: OptionSection {
    static let title = "Server"

    let logLevel = ServerOption<Logger.Level>(
        "log-level", .choice("level"),
        default: .found("`warning`; `info` over HTTP") { $0.servesHTTP ? .info : .warning },
        "What goes to standard error.", .most)

    let logFormat = ServerOption<LogFormat>(
        "log-format", .choice("format"), default: .of(.text), "How a line of it looks.",
        more: "`text` for people, `json` for programs ([fields](http.md#logs)).")

    let config = ServerOption(
        "config", .file, "A JSON file with options.", .most, .commandLineOnly)
}
