#include "adapters/classic_link.hpp"

#include <utility>

#include "adapters/codec/classic_codec.hpp"

namespace togglecast::adapters {

using Kind = cluster::redis::Client::Kind;

ClassicLink::ClassicLink(cluster::redis::Client& client, ClusterOptions options, std::string nsp)
    : client_(client),
      options_(std::move(options)),
      channel_(client, options_, false),
      nsp_(std::move(nsp)),
      uid_(random_hex(3)),
      broadcasts_(options_.prefix + "#" + nsp_ + "#"),
      pattern_(escape_pattern(broadcasts_) + "*"),
      requests_(options_.prefix + "-request#" + nsp_ + "#"),
      responses_(options_.prefix + "-response#" + nsp_ + "#") {}

void ClassicLink::open(Receive receive, Apply /*apply*/) {
  const auto use = [receive, options = options_](auto message, std::string_view channel) {
    if (!count_read(message, options, channel)) return;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(*message)>, Message>) {
      receive(*std::move(message));
    } else {
      if (*message) receive(**std::move(message));
    }
  };
  client_.subscribe(Kind::pattern, pattern_,
                    [use, limits = options_.limits](std::string_view channel, std::string_view message) {
                      use(read_classic_broadcast(message, limits), channel);
                    });
  client_.subscribe(
      Kind::channel, requests_,
      [use, limits = options_.limits, nsp = nsp_](std::string_view channel, std::string_view message) {
        use(read_classic_request(message, nsp, limits), channel);
      });
  for (const auto& name : {responses_, responses_ + uid_ + "#"}) {
    client_.subscribe(
        Kind::channel, name,
        [use, limits = options_.limits, nsp = nsp_](std::string_view channel, std::string_view message) {
          use(read_classic_response(message, nsp, limits), channel);
        });
  }
}

void ClassicLink::close() {
  client_.unsubscribe(Kind::pattern, pattern_);
  for (const auto& name : {requests_, responses_, responses_ + uid_ + "#"})
    client_.unsubscribe(Kind::channel, name);
}

void ClassicLink::publish(const Message& message) {
  const auto* event = std::get_if<EventMessage>(&message.body);
  if (event == nullptr || !event->request_id.empty()) {
    channel_.publish(requests_, write_classic_request(message));
    return;
  }
  const auto& rooms = event->targets.rooms;
  channel_.publish(rooms.size() == 1 ? broadcasts_ + rooms.front() + "#" : broadcasts_,
                   write_classic_broadcast(message));
}

void ClassicLink::respond(const std::string& /*to_uid*/, const Message& message) {
  channel_.publish(responses_, write_classic_response(message));
}

void ClassicLink::count_servers(std::function<void(Result<std::size_t>)> done) {
  channel_.count_listeners(requests_, std::move(done));
}

}  // namespace togglecast::adapters
