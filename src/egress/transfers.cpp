#include "egress/transfers.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace togglecast::egress {
namespace {

struct FreeCurl {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeCurl>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  std::ignore = list.release();
  list.reset(longer);
}

AddressBytes bytes_of(const sockaddr& address) {
  AddressBytes bytes{};
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  } else if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &v4.sin_addr, 4);
  }
  return bytes;  // of any other family: ::, which is never called
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

struct Transfers::Multi {
  CURLM* handle = nullptr;

  Multi() {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle = initialised == CURLE_OK ? curl_multi_init() : nullptr;
    if (handle == nullptr) throw std::bad_alloc();
  }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi() { curl_multi_cleanup(handle); }
};

// One request: its handle refers to it, so it stays where it is.
class Transfers::Transfer {
 public:
  Transfer(const Options& options, Request request, const Url& url, Ended ended)
      : options_(options), request_(std::move(request)), ended_(std::move(ended)), easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw std::bad_alloc();
    where_and_how(url);
    what();
    limits();
  }

  [[nodiscard]] CURL* handle() const noexcept { return easy_.get(); }
  [[nodiscard]] Result<Response> outcome(CURLcode code) {
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
      response_.status = static_cast<int>(status);
      return std::move(response_);
    }
    const std::string reason = error_.front() == '\0' ? curl_easy_strerror(code) : error_.data();
    if (refused_) return fail(Errc::forbidden, AddressPolicy::refusal(*refused_));
    if (too_large_ || code == CURLE_FILESIZE_EXCEEDED)
      return fail(Errc::payload_too_large, "the answer is larger than " + std::to_string(options_.max_body) +
                                               " bytes, or its headers than " +
                                               std::to_string(options_.max_headers));
    if (code == CURLE_OPERATION_TIMEDOUT) return fail(Errc::timeout, reason);
    return fail(Errc::unavailable, reason);
  }
  void end(Result<Response> answer) { ended_(std::move(answer)); }

 private:
  template <typename T>
  void set(CURLoption option, T value) {
    if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK) throw std::bad_alloc();
  }

  void where_and_how(const Url& url) {
    set(CURLOPT_URL, url.text.c_str());
    set(CURLOPT_PROTOCOLS_STR, url.plain ? "http" : "https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_PROXY, options_.proxy.c_str());  // an empty one: none, whatever the environment says
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!options_.ca_file.empty())
      set(CURLOPT_CAINFO, options_.ca_file.c_str());  // CAPATH stays the system's
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a name server that is silent holds up neither others nor the stop
  }

  void what() {
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    append(headers_, "Expect:");
    for (const Header& header : request_.headers) append(headers_, header.name + ": " + header.value);
    set(CURLOPT_HTTPHEADER, headers_.get());
    if (request_.method != Method::post) return;
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
  }

  void limits() {
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options_.max_body));
    set(CURLOPT_WRITEFUNCTION, &Transfer::take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &Transfer::take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  }

  static curl_socket_t open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const AddressBytes bytes = bytes_of(address->addr);
    // A proxy's address is the operator's own choice.
    const bool local = transfer.options_.plain_http_to_loopback && kind_of(bytes) == AddressKind::loopback;
    if (transfer.options_.proxy.empty() && !local && !transfer.options_.addresses.allows(bytes)) {
      transfer.refused_ = bytes;
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static std::size_t take_body(char* bytes, std::size_t one, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t size = one * count;
    if (transfer.response_.body.size() + size > transfer.options_.max_body) {
      transfer.too_large_ = true;
      return 0;
    }
    transfer.response_.body.append(bytes, size);
    return size;
  }

  static std::size_t take_header(char* bytes, std::size_t one, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t size = one * count;
    transfer.header_bytes_ += size;
    if (transfer.header_bytes_ > transfer.options_.max_headers) {
      transfer.too_large_ = true;
      return 0;
    }
    const std::string_view line(bytes, size);
    if (line.starts_with("HTTP/")) {
      transfer.response_.headers.clear();  // those before were of a 100 Continue or the like
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      transfer.response_.headers.push_back(
          {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
    }
    return size;
  }

  const Options& options_;
  Request request_;
  Ended ended_;
  HeaderList headers_;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  std::optional<AddressBytes> refused_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<CURL, FreeCurl> easy_;  // goes first: it refers to the others
};

Transfers::Transfers(const Options& options) : options_(options), multi_(std::make_unique<Multi>()) {}

Transfers::~Transfers() {
  for (const auto& transfer : transfers_) curl_multi_remove_handle(multi_->handle, transfer->handle());
}

void Transfers::start(Request request, const Url& url, Ended ended) {
  auto transfer = std::make_unique<Transfer>(options_, std::move(request), url, std::move(ended));
  transfers_.reserve(transfers_.size() + 1);
  if (curl_multi_add_handle(multi_->handle, transfer->handle()) != CURLM_OK) throw std::bad_alloc();
  transfers_.push_back(std::move(transfer));
}

std::size_t Transfers::under_way() const noexcept { return transfers_.size(); }

void Transfers::run(Milliseconds longest) {
  int running = 0;
  curl_multi_perform(multi_->handle, &running);
  const std::size_t before = transfers_.size();
  take_ended();
  if (transfers_.size() < before) return;  // others may begin
  curl_multi_poll(multi_->handle, nullptr, 0, static_cast<int>(longest.count()), nullptr);
}

void Transfers::take_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = std::find_if(transfers_.begin(), transfers_.end(),
                                    [handle](const auto& one) { return one->handle() == handle; });
    curl_multi_remove_handle(multi_->handle, handle);
    if (found == transfers_.end()) continue;
    const std::unique_ptr<Transfer> transfer = std::move(*found);
    transfers_.erase(found);
    transfer->end(transfer->outcome(code));
  }
}

void Transfers::abort(const Error& error) {
  while (!transfers_.empty()) {
    const std::unique_ptr<Transfer> transfer = std::move(transfers_.back());
    transfers_.pop_back();
    curl_multi_remove_handle(multi_->handle, transfer->handle());
    transfer->end(tl::unexpected(error));
  }
}

void Transfers::wake() { curl_multi_wakeup(multi_->handle); }

}  // namespace togglecast::egress
