#include "storage/load.hpp"

#include <utility>

namespace togglecast::storage {
namespace {

Result<void> check_chain(const StoredState& stored) {
  domain::Head at = stored.before;
  for (const auto& row : stored.recent) {
    if (auto ok = domain::check_follows(at, row); !ok) return ok;
    at = row.head;
  }
  const domain::Head& head = stored.head;
  if (at.revision != head.revision || at.digest != head.digest || at.epoch > head.epoch)
    return fail(Errc::internal, "the change log does not end where its environment says; restore a backup");
  return {};
}

}  // namespace

Result<Loaded> load(Reader& reader, const std::string& environment, std::size_t recent) {
  auto stored = reader.state(environment, recent);
  if (!stored) return tl::unexpected(stored.error());
  if (auto ok = check_chain(*stored); !ok) return tl::unexpected(ok.error());
  auto snapshot = domain::assemble(environment, stored->head, std::move(stored->entities));
  if (!snapshot) return fail(Errc::internal, "the stored state is damaged: " + snapshot.error().message);
  return Loaded{std::move(*snapshot), stored->before, std::move(stored->recent)};
}

}  // namespace togglecast::storage
