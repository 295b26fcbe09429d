import ArgumentParser

#if DEBUG
    @testable import Server

    /// Reads lines as words of a command line up to one that is empty, then as variables of the
    /// environment up to another, and what is left as a configuration file.
    ///
    /// What is accepted must be within its bounds, and mean the same where a file says it.
    func tryConfiguration(_ input: [UInt8]) {
        let parts = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let sections = parts.split(maxSplits: 2, omittingEmptySubsequences: false) { $0.isEmpty }
        let words = (sections.first ?? []).map { String(decoding: $0, as: UTF8.self) }
        let lines = sections.dropFirst().first ?? []
        let rest = sections.dropFirst(2).first ?? []
        let file = Array(rest.joined(separator: [UInt8(ascii: "\n")]))
        // Files that an input names are not read: the machine's would make inputs differ.
        guard !input.contains(UInt8(ascii: "/")) else { return }
        // The parser makes and checks all options anew each time: that takes most of the time.
        guard let commandLine = words.isEmpty ? [:] : try? CommandLineOptions.parse(words).given
        else { return }
        check(
            settings(
                commandLine: commandLine, environment: environment(lines),
                file: file.isEmpty ? nil : file))
        guard lines.isEmpty, file.isEmpty else { return }
        checkFile(words, commandLine)
    }

    private func environment(_ lines: ArraySlice<ArraySlice<UInt8>>) -> [String: String] {
        var variables: [String: String] = [:]
        for line in lines {
            let text = String(decoding: line, as: UTF8.self)
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return variables
    }

    private func settings(
        commandLine: [String: String], environment: [String: String] = [:], file: [UInt8]? = nil
    ) -> Settings? {
        guard let content = try? file.map({ try ConfigurationFile(path: "file", content: $0) }),
            let options = try? Options(
                commandLine: commandLine, environment: environment, file: content)
        else { return nil }
        return try? Settings(options)
    }

    private func check(_ settings: Settings?) {
        guard let settings else { return }
        let limits = settings.limits
        precondition(limits.timeoutDefault <= limits.timeoutMax, "A run may take longer than any.")
        precondition(limits.heapByteCountMax > 0 && limits.snapshotByteCountMax > 0, "No memory.")
        precondition(limits.workersMax > 0 && limits.queueCountMax > 0, "Nothing can run.")
        guard case .http(let http) = settings.transport else { return }
        precondition(http.isLoopback || settings.sandbox != .off, "Open, and not confined.")
        precondition(http.listeners.allSatisfy { 0...65_535 ~= $0.port }, "No such port.")
    }

    /// An option that is the only word on a command line says the same in the environment.
    private func checkFile(_ words: [String], _ commandLine: [String: String]) {
        guard words.count == 1, let word = words.first, word.hasPrefix("--"),
            let end = word.firstIndex(of: "="),
            let option = OptionTable.options.first(where: {
                $0.name == word[..<end].dropFirst(2) && $0.place == .anywhere
            })
        else { return }
        let value = String(word[word.index(after: end)...])
        let here = settings(commandLine: commandLine)
        let there = settings(commandLine: [:], environment: [option.variable: value])
        precondition(
            here?.limits == there?.limits && here?.transport == there?.transport
                && here?.storage == there?.storage && here?.sandbox == there?.sandbox,
            "The environment says something else than the command line.")
    }
#else
    /// What reads options is for this project's tests only: a release build has none of this.
    func tryConfiguration(_ input: [UInt8]) {}
#endif
