// Clients: create, list, read, update, delete. Deleting one withdraws its tokens in the same change.
// Thread and error rules as in platform_service.hpp.
#pragma once

#include <memory>

#include "service/listing.hpp"
#include "service/principal.hpp"
#include "service/read_model.hpp"
#include "service/writer.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxClients = 100'000;

class ClientService {
 public:
  ClientService(Writer& writer, const ReadModel& model) : writer_(writer), model_(model) {}

  [[nodiscard]] Result<Page<domain::Client>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::Client>> find(const Principal& who, domain::Id id) const;

  /// `body` needs `key` and `name`; a new client is active unless it says otherwise.
  void create(const Principal& who, const json::value& body, const WriteOptions& options, Done done);
  /// Sets the members that `body` names; present `attributes` replace the whole of them.
  void update(const Principal& who, domain::Id id, const json::value& body, const WriteOptions& options,
              Done done);
  void remove(const Principal& who, domain::Id id, const WriteOptions& options, Done done);

 private:
  Writer& writer_;
  const ReadModel& model_;
};

}  // namespace togglecast::service
