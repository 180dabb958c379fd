#include "replication/stream_key.hpp"

#include <future>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace togglecast::replication {

using cluster::redis::Reply;

namespace {

// The value behind `name` in a flat list of names and values.
const Reply* member(const Reply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2) {
    if (list.items[i].text == name) return &list.items[i + 1];
  }
  return nullptr;
}

}  // namespace

Result<StreamEnd> StreamKey::end() const {
  const auto info = call({"XINFO", "STREAM", key_});
  if (!info && info.error().message.find("no such key") != std::string::npos) return StreamEnd{};
  if (!info) return tl::unexpected(info.error());
  StreamEnd end{.exists = true};
  if (const Reply* last = member(*info, "last-generated-id")) end.id = last->text;
  end.last = parse_entry_id(end.id);
  const Reply* entry = member(*info, "last-entry");
  if (entry != nullptr && entry->items.size() == 2) {
    if (const Reply* offset = member(entry->items[1], "offset")) end.offset = offset->text;
    if (end.offset.empty() || entry->items[0].text != end.id) end.offset = "none";
  }
  return end;
}

Result<StreamKey::Added> StreamKey::add(const LinkedRow& one) const {
  const auto added = call(adding(one, true));
  if (!added && added.error().message.find("equal or smaller") != std::string::npos) return Added::not_next;
  if (!added) return tl::unexpected(added.error());
  return added->type == Reply::Type::null ? Added::gone : Added::now;
}

Result<void> StreamKey::make(const StreamEnd& end, const std::vector<LinkedRow>& rows) const {
  std::vector<std::vector<std::string>> commands;
  if (end.exists) commands.push_back({"UNLINK", key_});
  for (const LinkedRow& one : rows) commands.push_back(adding(one, false));
  if (commands.empty()) return {};
  if (auto ok = call({"WATCH", key_}); !ok) return tl::unexpected(ok.error());
  const auto unchanged = this->end();
  if (!unchanged || unchanged->exists != end.exists || unchanged->id != end.id) {
    (void)call({"UNWATCH"});
    return unchanged ? Result<void>(fail(Errc::conflict, "the stream has changed"))
                     : tl::unexpected(unchanged.error());
  }
  if (auto ok = call({"MULTI"}); !ok) return tl::unexpected(ok.error());
  for (auto& command : commands) {
    auto queued = call(std::move(command));
    if (queued && queued->text == "QUEUED") continue;
    if (!queued) {
      (void)call({"DISCARD"});
      return tl::unexpected(queued.error());
    }
    // The connection was lost and made again, and the transaction with it: what came through begins a stream
    // in its middle.
    (void)call({"UNLINK", key_});
    return fail(Errc::unavailable, "the connection was lost within a transaction");
  }
  auto done = call({"EXEC"});
  if (!done) return tl::unexpected(done.error());
  if (done->type == Reply::Type::null) return fail(Errc::conflict, "the stream has changed");
  for (const Reply& one : done->items) {
    if (one.type == Reply::Type::error) return fail(Errc::internal, one.text);
  }
  return {};
}

std::vector<std::string> StreamKey::adding(const LinkedRow& one, bool must_exist) const {
  std::vector<std::string> words{"XADD", key_};
  if (must_exist) words.emplace_back("NOMKSTREAM");
  words.insert(words.end(), {"MAXLEN", "~", std::to_string(length_), to_string(id_of(one.row.head))});
  auto fields = entry_fields(one.row, one.previous);
  words.insert(words.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
  return words;
}

Result<Reply> StreamKey::call(std::vector<std::string> words) const {
  const auto promise = std::make_shared<std::promise<Result<Reply>>>();
  auto reply = promise->get_future();
  client_.command(std::move(words), [promise](Result<Reply> one) { promise->set_value(std::move(one)); });
  return reply.get();
}

}  // namespace togglecast::replication
