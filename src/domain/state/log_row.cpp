#include "domain/state/log_row.hpp"

namespace togglecast::domain {

Offset offset_of(const Head& head) noexcept {
  Offset offset{head.epoch, head.revision, 0};
  for (std::size_t i = 0; i < 8; ++i) offset.chain = offset.chain << 8 | head.digest[i];
  return offset;
}

namespace {

void append_text(std::string& text, const LogRow& row) {
  text.reserve(text.size() + row.actor_text.size() + row.change_text.size() + 160);
  text += R"({"actor":)";
  text += row.actor_text;
  text += R"(,"at":")";
  text += to_iso8601(row.head.as_of);
  text += R"(","change":)";
  text += row.change_text;
  text += R"(,"environment":)";
  json::append_string(text, row.environment);
  text += R"(,"epoch":)";
  text += std::to_string(row.head.epoch);
  text += R"(,"revision":)";
  text += std::to_string(row.head.revision);
  text += '}';
}

}  // namespace

std::string row_text(const LogRow& row) {
  std::string text;
  append_text(text, row);
  return text;
}

Sha256 digest_after(const Sha256& previous, const LogRow& row) {
  std::string text(reinterpret_cast<const char*>(previous.data()), previous.size());
  append_text(text, row);
  return sha256(text);
}

Result<LogRow> make_row(const std::string& environment, const Head& previous, UnixMillis at,
                        const json::value& actor, const Change& change) {
  LogRow row;
  row.environment = environment;
  row.head.epoch = previous.epoch;
  row.head.revision = previous.revision + 1;
  row.head.as_of = at < previous.as_of ? previous.as_of : at;
  row.actor_text = json::canonical(actor);
  row.change_text = to_text(change);
  auto read_back = parse_change(row.change_text);
  if (!read_back) return tl::unexpected(read_back.error());
  row.change = std::move(*read_back);
  row.head.digest = digest_after(previous.digest, row);
  return row;
}

namespace {

tl::unexpected<Error> broken(const char* what, const LogRow& row) {
  return fail(Errc::internal, std::string(what) + " at revision " + std::to_string(row.head.revision) +
                                  " of " + row.environment);
}

}  // namespace

Result<void> check_chained(const Head& previous, const LogRow& row) {
  if (row.head.revision != previous.revision + 1) return broken("the change log has a gap", row);
  if (row.head.epoch < previous.epoch || row.head.as_of < previous.as_of ||
      row.head.digest != digest_after(previous.digest, row))
    return broken("the chain of the change log is broken", row);
  return {};
}

Result<void> check_follows(const Head& previous, const LogRow& row) {
  if (auto ok = check_chained(previous, row); !ok) return ok;
  if (row.change.base_revision != previous.revision)
    return broken("the chain of the change log is broken", row);
  return {};
}

}  // namespace togglecast::domain
