// The keys of one issuer, inside TrustedIssuers. Thread rule: guarded by its mutex.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "domain/entities/issuer.hpp"
#include "service/issuers/trusted_issuers.hpp"

namespace togglecast::service {

// The keys of one issuer, as they come from its entity, a URL or a file.
struct TrustedIssuers::Source {
  domain::Id issuer = 0;
  domain::KeySource kind = domain::KeySource::jwks;
  std::string text;   // of the entity
  std::string owner;  // key of the issuer, for people
  std::shared_ptr<const auth::KeySet> keys;
  std::string trouble;  // why the last look failed
  std::optional<TimePoint> asked_at;
  bool asking = false;
  bool wanted = true;  // somebody waits, or nobody has looked yet
  bool dropped = false;
  bool replaces = false;  // the issuer had other keys before
  TimePoint next{};
  std::optional<TimePoint> good_until;
  UnixMillis fetched_at{};
  Sha256 kept{};         // what the store has, as a digest of its text …
  UnixMillis kept_at{};  // … and since when
  unsigned failures = 0;
  Calls waiting;

  [[nodiscard]] bool is_remote() const noexcept {
    return kind == domain::KeySource::jwks_url || kind == domain::KeySource::jwks_file;
  }
};

}  // namespace togglecast::service
