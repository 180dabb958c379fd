#include "storage/load.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::storage {
namespace {

// `rows` follow `before` and end at `head`.
Result<void> check_chain(const domain::Head& before, const std::vector<domain::LogRow>& rows,
                         const domain::Head& head) {
  domain::Head at = before;
  for (const auto& row : rows) {
    if (auto ok = domain::check_follows(at, row); !ok) return ok;
    at = row.head;
  }
  if (at.revision != head.revision || at.digest != head.digest || at.epoch > head.epoch)
    return fail(Errc::internal, "the change log does not end where its environment says; restore a backup");
  return {};
}

}  // namespace

Error no_longer_kept(const std::string& what, domain::Revision oldest) {
  const std::string number = std::to_string(oldest);
  return {Errc::not_found,
          what + " is no longer kept; the oldest revision of the change log is " + number,
          {{"/oldest_revision", number}}};
}

Result<Loaded> load(Reader& reader, const std::string& environment, std::size_t recent) {
  auto stored = reader.state(environment, recent);
  if (!stored) return tl::unexpected(stored.error());
  if (auto ok = check_chain(stored->before, stored->recent, stored->head); !ok)
    return tl::unexpected(ok.error());
  auto snapshot = domain::assemble(environment, stored->head, std::move(stored->entities));
  if (!snapshot) return fail(Errc::internal, "the stored state is damaged: " + snapshot.error().message);
  return Loaded{std::move(*snapshot), stored->before, std::move(stored->recent)};
}

Result<OlderRows> load_older(Reader& reader, const std::string& environment, const domain::Head& head,
                             std::size_t limit) {
  auto rows = reader.rows_before(environment, head.revision + 1, limit);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return OlderRows{head, {}};
  std::reverse(rows->begin(), rows->end());
  const auto before = reader.head_before(environment, rows->front().head.revision);
  if (!before) return tl::unexpected(before.error());
  if (auto ok = check_chain(*before, *rows, head); !ok) return tl::unexpected(ok.error());
  return OlderRows{*before, std::move(*rows)};
}

}  // namespace togglecast::storage
