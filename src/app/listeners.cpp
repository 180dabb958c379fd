#include "app/listeners.hpp"

#include <utility>

namespace togglecast::app {
namespace {

std::string describe_taken(std::uint16_t port, std::string_view option) {
  const std::string number = std::to_string(port);
  return "port " + number + " is taken; choose another one with " + std::string(option) +
         ", or stop the process that holds it (ss -ltnp 'sport = :" + number + "' shows it)";
}

}  // namespace

Result<std::uint16_t> listen_on(net::ShardPool& shards, const std::vector<std::string>& addresses,
                                net::ListenOptions options, const net::AcceptHandler& handler,
                                std::string_view option) {
  const auto attempt = [&]() -> Result<void> {
    const auto bound = shards.listen(options, handler);
    if (bound) {
      options.port = *bound;
      return {};
    }
    if (bound.error().code == Errc::already_exists)
      return fail(Errc::already_exists, describe_taken(options.port, option));
    std::string message = "cannot listen on " + bound.error().message;
    if (bound.error().code == Errc::forbidden)
      message += "; only root may listen below port 1024. Choose another port with " + std::string(option);
    return fail(bound.error().code, std::move(message));
  };
  if (addresses.empty()) return attempt().map([&] { return options.port; });
  for (const std::string& address : addresses) {
    options.addresses = {address};
    if (auto ok = attempt(); !ok) return tl::unexpected(ok.error());
  }
  return options.port;
}

}  // namespace togglecast::app
