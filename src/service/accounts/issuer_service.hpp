// Issuers of tokens: whose tokens of clients are trusted, with which keys. They belong to the installation.
//
// Thread rule: any thread. `done` is called once, on the committer's thread or within the call.
// Errors: `forbidden` unless an owner asks; `invalid_argument` names the member; `already_exists` when the
// key is taken; `conflict` when another issuer of the same name shares an audience, or there are
// `kMaxIssuers`; the errors of entity_service.hpp.
#pragma once

#include <filesystem>
#include <memory>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "egress/client.hpp"
#include "service/accounts/principal.hpp"
#include "service/issuers/trusted_issuers.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxIssuers = 100;

class IssuerService {
 public:
  /// `key_folder`: of files with keys; empty: none may be named.
  IssuerService(changes::Committer& committer, const changes::ReadModel& model, const egress::Client& egress,
                const TrustedIssuers& trusted, std::filesystem::path key_folder)
      : committer_(committer),
        model_(model),
        egress_(egress),
        trusted_(trusted),
        key_folder_(std::move(key_folder)) {}

  [[nodiscard]] Result<Page<domain::Issuer>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::Issuer>> find(const Principal& who, domain::Id id) const;
  /// The keys of an issuer as this server has them now, see `TrustedIssuers::describe_keys`.
  [[nodiscard]] Result<json::object> keys(const Principal& who, domain::Id id) const;

  void create(const Principal& who, const json::value& body, const WriteOptions& options, changes::Done done);
  /// `options.merge` counts for nothing: `keys` and lists are replaced as a whole.
  void update(const Principal& who, domain::Id id, const json::value& body, const WriteOptions& options,
              changes::Done done);
  /// Ends the connections that its tokens opened.
  void remove(const Principal& who, domain::Id id, const WriteOptions& options, changes::Done done);

 private:
  [[nodiscard]] Result<void> check_keys(const domain::Issuer& issuer) const;
  [[nodiscard]] Result<void> check_beside_others(const changes::WriteContext& context,
                                                 const domain::Issuer& issuer) const;

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  const egress::Client& egress_;
  const TrustedIssuers& trusted_;
  std::filesystem::path key_folder_;
};

}  // namespace togglecast::service
