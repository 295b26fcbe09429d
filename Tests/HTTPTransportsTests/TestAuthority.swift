import Crypto
import Foundation

/// An authorization server's keys, and tokens that are signed with them.
struct TestAuthority {
    let edDSA = Curve25519.Signing.PrivateKey()
    let es256 = P256.Signing.PrivateKey()

    /// Its key set, as it would publish it.
    var keySet: String {
        let point = es256.publicKey.rawRepresentation
        let (x, y) = (point.prefix(32).base64URL, point.suffix(32).base64URL)
        return """
            {"keys":[
              {"kty":"OKP","crv":"Ed25519","kid":"ed","use":"sig",
               "x":"\(edDSA.publicKey.rawRepresentation.base64URL)"},
              {"kty":"EC","crv":"P-256","kid":"ec","alg":"ES256","x":"\(x)","y":"\(y)"},
              {"kty":"oct","kid":"shared","k":"c2VjcmV0"},
              {"kty":"EC","crv":"P-256","kid":"enc","use":"enc","x":"\(x)","y":"\(y)"}
            ]}
            """
    }

    /// What a good token says at the time 1000.
    static let claims = """
        {"iss":"https://auth.example","aud":["other","https://js.example/mcp"],"sub":"alice",\
        "exp":1300,"nbf":900,"scope":"js:run js:read"}
        """

    /// A token that is signed with the key on Ed25519.
    func token(
        _ claims: String = claims, header: String = #"{"alg":"EdDSA","kid":"ed"}"#
    ) throws -> String {
        let signed = Data(header.utf8).base64URL + "." + Data(claims.utf8).base64URL
        return signed + "." + (try edDSA.signature(for: Data(signed.utf8))).base64URL
    }

    /// The same, signed with the key on P-256.
    func es256Token(header: String = #"{"alg":"ES256","kid":"ec"}"#) throws -> String {
        let signed = Data(header.utf8).base64URL + "." + Data(Self.claims.utf8).base64URL
        let signature = try es256.signature(for: Data(signed.utf8))
        return signed + "." + signature.rawRepresentation.base64URL
    }
}

extension DataProtocol {
    var base64URL: String {
        var text = Data(self).base64EncodedString()
        text = text.replacing("+", with: "-").replacing("/", with: "_")
        return text.replacing("=", with: "")
    }
}
