internal import AsyncHTTPClient
internal import HTTPTransports
internal import NIOCore
internal import NIOHTTP1

/// Fetches the keys of an authorization server.
enum KeyFetch {
    private static let timeout = TimeAmount.seconds(10)

    /// Why there are no keys.
    enum Failure: Error, CustomStringConvertible {
        case status(UInt)

        var description: String {
            switch self {
            case .status(let code): "the answer has status \(code)"
            }
        }
    }

    /// What fetches them from a URL. It follows nobody to another place, and each time is a
    /// connection of its own: it is needed every ten minutes.
    static func from(_ url: String) -> SigningKeys.Fetch {
        {
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            let client = HTTPClient(configuration: configuration)
            do {
                let text = try await fetch(url, with: client)
                try await client.shutdown()
                return text
            } catch {
                try? await client.shutdown()
                throw error
            }
        }
    }

    private static func fetch(_ url: String, with client: HTTPClient) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Accept", value: "application/json")
        let response = try await client.execute(request, timeout: timeout)
        guard response.status == .ok else { throw Failure.status(response.status.code) }
        let body = try await response.body.collect(upTo: KeySet.byteCountMax)
        return Array(body.readableBytesView)
    }
}
