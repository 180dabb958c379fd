#include "http_api/streams/stream_subscriber.hpp"

#include <utility>

#include "delivery/subscriber_index.hpp"
#include "wire/sse/event.hpp"

namespace togglecast::http_api {
namespace {

// Smaller batches are joined with the receiver's id; larger ones are not copied for each receiver.
constexpr std::size_t kJoined = 4 * 1'024;

const delivery::BatchEncoder& encoder_of(StreamSubscriber::Kind kind) noexcept {
  if (kind == StreamSubscriber::Kind::notices) return notice_encoder();
  return view_encoder();
}

}  // namespace

StreamSubscriber::StreamSubscriber(net::StreamPtr connection, Kind kind,
                                   std::shared_ptr<const service::Principal> who, StreamKeeper& keeper)
    : Subscriber(encoder_of(kind)),
      stream(std::move(connection), *this),
      kind_(kind),
      who_(std::move(who)),
      keeper_(keeper) {}

std::string StreamSubscriber::id_of(std::string_view offset) const {
  return pid->text().append(1, '~').append(offset);
}

void StreamSubscriber::send(const delivery::EncodedBatch& batch) {
  const auto& events = static_cast<const StreamBatch&>(batch);
  if (events.offset().empty()) {
    if (stream.open()) stream.shard().send(stream.outlet(), events.bytes());
    return;
  }
  stream.send(events.bytes());
  if (events.bytes().size() > kJoined) stream.flush();
  std::string end;
  wire::sse::append_id(end, id_of(events.offset()));
  stream.send(end);
}

void StreamSubscriber::send_event(std::string_view name, std::string_view data, std::string_view offset) {
  std::string text;
  wire::sse::append_open(text, {.name = name, .data = data});
  if (offset.empty()) {
    text += wire::sse::kEnd;
  } else {
    wire::sse::append_id(text, id_of(offset));
  }
  stream.send(text);
}

void StreamSubscriber::send_view(std::string_view name, std::string_view member, std::string_view view,
                                 const json::object& others, const domain::Snapshot& state) {
  std::string data = "{";
  if (!member.empty()) {
    json::append_string(data, member);
    data += ":{";
  }
  data.append(view);
  if (!member.empty()) data += '}';
  if (!others.empty())
    data.append(",").append(std::string_view(json::serialize(others)).substr(1));
  else
    data += '}';
  send_event(name, data, to_string(state.offset(), offset_tag()));
}

void StreamSubscriber::send_full_state(const domain::Snapshot& state, std::string_view view,
                                       std::string_view reason) {
  send_view("config_sync", "snapshot", view,
            {{"reason", reason}, {"revision", state.revision()}, {"epoch", state.head().epoch}}, state);
}

void StreamSubscriber::look_again_later() {
  stream.shard().post([to_whom = weak_from_this()] {
    const auto still = to_whom.lock();
    if (still != nullptr && still->stream.open()) still->keeper_.on_drained(*still);
  });
}

delivery::ConnectionName StreamSubscriber::name() const { return {pid ? pid->text() : std::string(), "sse"}; }

}  // namespace togglecast::http_api
