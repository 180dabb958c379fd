// The provider, as this server knows it: its description and its keys, fetched when they are needed and kept.
// Nothing is fetched at start, so a provider that is away stops no server. Descriptions and keys serve for an
// hour, and for a day while the provider does not answer. A key that is not known makes the server look
// again, at most every 30 seconds.
//
// Thread rule: any thread. `done` runs on the thread of the egress client, or within the call. Errors:
// those of the egress client, and `unavailable` for an answer that cannot be used.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth/public_key.hpp"
#include "base/clock.hpp"
#include "egress/client.hpp"
#include "service/oidc/kept.hpp"
#include "service/oidc/provider_metadata.hpp"

namespace togglecast::service::oidc {

/// `egress::Client::fetch`.
using Fetch = std::function<void(egress::Request request, egress::Done done)>;

inline constexpr Milliseconds kKeysAgain{30'000};

class Provider {
 public:
  /// `clock` must outlive it.
  Provider(Fetch fetch, std::string issuer, const Clock& clock);

  using Metadata = Kept<ProviderMetadata>;
  using Keys = Kept<auth::KeySet>;

  void metadata(Metadata::Done done) { metadata_->get(std::move(done)); }
  [[nodiscard]] Metadata::Value known() const { return metadata_->known(); }
  void keys(Keys::Done done) { keys_->get(std::move(done)); }
  /// After a token has named a key that `keys` do not have.
  void newer_keys(Keys::Done done) { keys_->get_younger_than(kKeysAgain, std::move(done)); }
  /// Why they could not be read the last time; nothing if they could.
  [[nodiscard]] std::optional<Error> keys_failure() const { return keys_->failure(); }

 private:
  std::shared_ptr<Metadata> metadata_;
  std::shared_ptr<Keys> keys_;
};

/// The body of an answer with status 200. `unavailable` names `what` otherwise; a redirect is not followed.
[[nodiscard]] Result<std::string> body_of(const Result<egress::Response>& answer, std::string_view what);

}  // namespace togglecast::service::oidc
