/// Metrics as Prometheus reads them: the text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// Says what a metric is; its series follow.
    mutating func begin(_ name: MetricName) {
        let kind =
            switch name.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        text += "# HELP \(name.rawValue) \(name.meaning)\n# TYPE \(name.rawValue) \(kind)\n"
    }

    /// Adds one series.
    mutating func add(_ name: MetricName, _ labels: String, _ value: Series.Value) {
        switch value {
        case .number(let number): line(name.rawValue + labels, number)
        case .histogram(let histogram):
            var count = 0
            let bounds = histogram.bounds.map(PrometheusText.number) + ["+Inf"]
            let others = labels.isEmpty ? "" : labels.dropFirst().dropLast() + ","
            for (bound, more) in zip(bounds, histogram.counts) {
                count += more
                line("\(name.rawValue)_bucket{\(others)le=\"\(bound)\"}", Double(count))
            }
            line("\(name.rawValue)_sum\(labels)", histogram.sum)
            line("\(name.rawValue)_count\(labels)", Double(count))
        }
    }

    /// Labels as they stand behind a name. They are our own words, without anything to escape.
    static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        return "{" + dimensions.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",") + "}"
    }

    private mutating func line(_ series: String, _ value: Double) {
        text += "\(series) \(PrometheusText.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
