// Public keys and tokens of others (auth/public_key, auth/jws): a JWK Set is read whole or refused with a
// reason; what is read has kids and algorithms that name one key; nobody without the private half signs for
// it; and a token says one thing only.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/jws.hpp"
#include "auth/public_key.hpp"
#include "base/json_members.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

void check_set(std::string_view bytes) {
  const auth::KeySetLimits limits{.bytes = 4'096, .keys = 8};
  const auto set = auth::KeySet::parse_jwks(bytes, limits);
  if (!set) {
    require(set.error().code == Errc::invalid_argument && !set.error().message.empty(), "a refusal says why");
    return;
  }
  require(!set->keys().empty() && set->keys().size() <= limits.keys, "a set has keys, and not too many");
  require(json::members_are_unique(bytes, 8), "a set says one thing only");
  for (const auto& key : set->keys()) {
    require(key->kid().size() <= auth::kMaxKid && !key->thumbprint().empty(), "keys are complete");
    const auto alg = auth::to_string(key->algorithm());
    if (!key->kid().empty())
      require(set->find(alg, key->kid()) == key.get(), "kid and algorithm name one key");
    for (const auto* other : {"none", "HS256", ""})
      require(!set->verify(other, key->kid(), "text", bytes), "a token does not choose the algorithm");
    require(!set->verify(alg, key->kid(), "text", bytes.substr(0, 64)), "nobody else signs");
  }
}

void check_token(std::string_view bytes) {
  const auto read = auth::read_jws(bytes);
  if (!read) {
    require(read.error().code == Errc::token_invalid && !read.error().message.empty(), "a refusal says why");
    return;
  }
  require(auth::parse_public_algorithm(read->alg).has_value(), "the algorithm is one of ours");
  require(read->kid.size() <= auth::kMaxKid, "a kid has its limit");
  require(read->claims.is_object() && !read->signature.empty(), "a token is complete");
  require(bytes.starts_with(read->signing_input) && bytes.size() > read->signing_input.size(),
          "what is signed is a part of the token");
}

void check_pem(std::string_view bytes) {
  const auto key = auth::PublicKey::from_pem("k", bytes);
  if (!key) require(!key.error().message.empty(), "a refusal says why");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  togglecast::fuzz::check_set(bytes);
  togglecast::fuzz::check_token(bytes);
  togglecast::fuzz::check_pem(bytes);
  return 0;
}
