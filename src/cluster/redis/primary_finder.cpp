#include "cluster/redis/primary_finder.hpp"

#include <charconv>
#include <utility>

namespace togglecast::cluster::redis {

Result<Endpoint> read_primary(const Reply& reply) {
  if (reply.type != Reply::Type::array || reply.items.size() != 2)
    return fail(Errc::unavailable, "does not know the service");
  const std::string& port = reply.items[1].text;
  Endpoint primary{.host = reply.items[0].text};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), primary.port);
  if (error != std::errc{} || end != port.data() + port.size() || primary.port == 0 || primary.host.empty())
    return fail(Errc::unavailable, "answers with no address");
  return primary;
}

void PrimaryFinder::find(Found found) {
  found_ = std::move(found);
  asked_ = 0;
  ask();
}

void PrimaryFinder::cancel() {
  found_ = nullptr;
  if (session_ != nullptr) session_->close("cancelled");
  session_ = nullptr;
}

void PrimaryFinder::ask() {
  const auto& sentinels = options_.address.endpoints;
  const Endpoint& sentinel = sentinels[(first_ + asked_) % sentinels.size()];
  Session::Handlers handlers;
  handlers.ready = [this, name = to_string(sentinel)] {
    session_->command(encode({"SENTINEL", "get-master-addr-by-name", options_.address.service}),
                      [this, name](const Result<Reply>& reply) {
                        if (found_ == nullptr) return;
                        if (!reply && reply.error().code == Errc::unavailable) return;  // `lost` follows
                        if (!reply)
                          return next("the Sentinel at " + name + " says: " + reply.error().message);
                        auto primary = read_primary(*reply);
                        if (!primary)
                          return next("the Sentinel at " + name + " " + primary.error().message + " (" +
                                      options_.address.service + ")");
                        first_ = (first_ + asked_) % options_.address.endpoints.size();
                        answer(*std::move(primary));
                      });
  };
  handlers.lost = [this](const std::string& problem) { next("Sentinel: " + problem); };
  session_ = Session::open(
      loop_, sentinel, options_, tls_,
      {.username = options_.sentinel_username, .password = options_.sentinel_password, .name = options_.name},
      std::move(handlers));
}

void PrimaryFinder::next(const std::string& problem) {
  if (session_ != nullptr) session_->close(problem);
  session_ = nullptr;
  if (++asked_ < options_.address.endpoints.size()) return ask();
  answer(fail(Errc::unavailable, "no Sentinel names the primary; " + problem));
}

void PrimaryFinder::answer(Result<Endpoint> primary) {
  const Found found = std::exchange(found_, nullptr);
  if (session_ != nullptr) session_->close("answered");
  session_ = nullptr;
  if (found) found(std::move(primary));
}

}  // namespace togglecast::cluster::redis
