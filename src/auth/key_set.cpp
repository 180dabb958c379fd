// Sets of public keys. One key is in public_key.cpp.
#include <algorithm>
#include <array>
#include <utility>

#include "auth/public_key.hpp"
#include "base/json_members.hpp"
#include "base/utf8.hpp"

namespace togglecast::auth {
namespace {

constexpr json::Limits kSetLimits{.depth = 8};

tl::unexpected<Error> refused_set(std::string why) {
  return fail(Errc::invalid_argument, "the JWK Set " + std::move(why));
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

// Of a kind that is known here, and for signatures (RFC 7517, sections 4.2 to 4.4 and 5).
bool concerns_us(const json::value& jwk) {
  const auto type = json::string_or_empty(jwk, "kty");
  const auto curve = json::string_or_empty(jwk, "crv");
  const bool known =
      type == "RSA" || (type == "EC" && curve == "P-256") || (type == "OKP" && curve == "Ed25519");
  if (!known) return false;
  if (json::find(jwk, "use") != nullptr && json::string_or_empty(jwk, "use") != "sig") return false;
  if (const auto* operations = json::find(jwk, "key_ops")) {
    const auto* list = operations->if_array();
    if (list == nullptr) return false;
    const bool verifies = std::any_of(list->begin(), list->end(), [](const json::value& one) {
      return one.is_string() && is_one_of(std::string_view(one.get_string()), {"verify"});
    });
    if (!verifies) return false;
  }
  if (json::find(jwk, "alg") == nullptr) return true;
  return parse_public_algorithm(json::string_or_empty(jwk, "alg")).has_value();
}

}  // namespace

Result<KeySet> KeySet::parse_jwks(std::string_view text, const KeySetLimits& limits) {
  if (text.size() > limits.bytes)
    return refused_set("is larger than " + std::to_string(limits.bytes) + " bytes");
  if (!is_valid_utf8(text)) return refused_set("is not UTF-8");
  const auto parsed = json::parse(text, kSetLimits);
  if (!parsed) return refused_set("cannot be read: " + parsed.error().message);
  if (!json::members_are_unique(text, kSetLimits.depth))
    return refused_set("has a member twice in one object");
  const json::value* member = json::find(*parsed, "keys");
  const json::array* list = member == nullptr ? nullptr : member->if_array();
  if (list == nullptr) return refused_set("must be an object with the array keys");
  if (list->size() > limits.keys)
    return refused_set("has more than " + std::to_string(limits.keys) + " keys");
  KeySet set;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::value& jwk = (*list)[i];
    const auto place = [i] { return "is not usable: key " + std::to_string(i) + ": "; };
    if (!jwk.is_object()) return refused_set(place() + "it must be an object");
    if (!concerns_us(jwk)) continue;
    auto key = PublicKey::from_jwk(jwk);
    if (!key) return refused_set(place() + key.error().message);
    const bool taken = std::any_of(set.keys_.begin(), set.keys_.end(), [&key](const auto& one) {
      return !one->kid().empty() && one->kid() == key->kid() && one->algorithm() == key->algorithm();
    });
    if (taken) return refused_set(place() + "another one has its kid and alg");
    set.keys_.push_back(std::make_shared<const PublicKey>(*std::move(key)));
  }
  if (set.keys_.empty()) return refused_set("has no key for signatures by RS256, ES256 or EdDSA");
  return set;
}

KeySet KeySet::of(PublicKey key) {
  KeySet set;
  set.keys_.push_back(std::make_shared<const PublicKey>(std::move(key)));
  return set;
}

const PublicKey* KeySet::find(std::string_view alg, std::string_view kid) const noexcept {
  const auto algorithm = parse_public_algorithm(alg);
  if (!algorithm) return nullptr;
  const PublicKey* found = nullptr;
  for (const auto& key : keys_) {
    if (key->algorithm() != *algorithm) continue;
    if (!kid.empty() && key->kid() == kid) return key.get();
    if (!kid.empty() && !key->kid().empty()) continue;
    if (found != nullptr) return nullptr;  // it says too little
    found = key.get();
  }
  return found;
}

Result<void> KeySet::verify(std::string_view alg, std::string_view kid, std::string_view signing_input,
                            std::string_view signature) const {
  const PublicKey* key = find(alg, kid);
  if (key == nullptr)
    return fail(Errc::token_invalid, "the token is not valid: no key of its issuer has its kid and alg");
  if (!key->verify(signing_input, signature))
    return fail(Errc::token_invalid, "the token is not valid: its signature is wrong");
  return {};
}

}  // namespace togglecast::auth
