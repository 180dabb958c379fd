#include "names/name_lookup.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace togglecast::names {
namespace {

// Of threads that may outlive everything else.
std::atomic<int>& under_way() {
  static auto* const count = new std::atomic<int>(0);
  return *count;
}

}  // namespace

Result<Addresses> resolve_by_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(failure == 0 ? raw : nullptr,
                                                                   &::freeaddrinfo);
  if (failure != 0)
    return fail(Errc::unavailable, "the name " + host + " cannot be looked up: " + ::gai_strerror(failure));
  Addresses addresses;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) ==
        0)
      addresses.emplace_back(text.data());
  }
  if (addresses.empty()) return fail(Errc::unavailable, "the name " + host + " has no address");
  return addresses;
}

void look_up(std::string host, std::function<void(Result<Addresses>)> done, NameResolver resolver) {
  if (under_way().fetch_add(1) >= kMostLookups) {
    under_way().fetch_sub(1);
    return done(fail(Errc::unavailable, "the name " + host + " was not looked up: " +
                                            std::to_string(kMostLookups) + " look-ups have no answer yet"));
  }
  const auto shared = std::make_shared<std::function<void(Result<Addresses>)>>(std::move(done));
  try {
    std::thread([host = std::move(host), shared, resolver = std::move(resolver)] {
      Result<Addresses> found = resolver(host);
      under_way().fetch_sub(1);
      (*shared)(std::move(found));
    }).detach();
  } catch (const std::exception& error) {
    under_way().fetch_sub(1);
    (*shared)(fail(Errc::unavailable, std::string("no thread for a name look-up: ") + error.what()));
  }
}

Result<Addresses> look_up(const std::string& host, Milliseconds longest, NameResolver resolver) {
  const auto promise = std::make_shared<std::promise<Result<Addresses>>>();
  auto found = promise->get_future();
  look_up(
      host, [promise](Result<Addresses> answer) { promise->set_value(std::move(answer)); },
      std::move(resolver));
  if (found.wait_for(longest) != std::future_status::ready)
    return fail(Errc::unavailable,
                "the name " + host + " cannot be looked up: no name server answers in time");
  return found.get();
}

}  // namespace togglecast::names
