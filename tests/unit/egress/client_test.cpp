#include "egress/client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/eventually.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::egress {
namespace {

using test::http_answer;
using test::ScriptedServer;

class EgressClient : public ::testing::Test {
 protected:
  EgressClient() { options_.plain_http_to_loopback = true; }

  Client& client() {
    if (client_ == nullptr) client_ = std::make_unique<Client>(options_, clock_, log_, metrics_);
    return *client_;
  }
  Result<Response> fetch(Request request) {
    client().fetch(std::move(request), [this](Result<Response> answer) { answers_.put(std::move(answer)); });
    auto answer = answers_.take();
    EXPECT_TRUE(answer.has_value()) << "nothing came";
    return answer ? std::move(*answer) : fail(Errc::internal, "nothing came");
  }
  Errc refusal(const std::string& url) {
    const auto answer = fetch({.url = url});
    EXPECT_FALSE(answer.has_value()) << url;
    return answer ? Errc::internal : answer.error().code;
  }
  std::uint64_t count(const std::string& result) {
    return metrics_
        .counter("togglecast_egress_requests_total", "Requests to other servers, by purpose and result.",
                 {{"purpose", "jwks"}, {"result", result}})
        .value();
  }

  ManualClock clock_;
  observe::Log log_{{.level = observe::Level::off}};
  observe::Metrics metrics_;
  Options options_;
  test::Mailbox<Result<Response>> answers_;  // outlives the client
  std::unique_ptr<Client> client_;
};

TEST_F(EgressClient, FetchesStatusHeadersAndBody) {
  ScriptedServer server(
      [](const std::string&) { return http_answer("200 OK", "hello", "cache-control: max-age=60\r\n"); });

  const auto answer = fetch({.url = server.url("/a?b=c"), .headers = {{"Accept", "application/json"}}});

  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("Cache-Control"), "max-age=60");
  EXPECT_EQ(answer->header("Missing"), "");
  EXPECT_EQ(answer->fetched_at, clock_.wall_now());
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("GET /a?b=c HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Accept: application/json\r\n"), std::string::npos) << request;
  EXPECT_EQ(count("ok"), 1U);
}

TEST_F(EgressClient, PostsABody) {
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); });

  const auto answer = fetch({.url = server.url(),
                             .method = Method::post,
                             .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                             .body = std::string("a=1&b=\0", 7)});

  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST / HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with(std::string("\r\n\r\na=1&b=\0", 11)));
}

TEST_F(EgressClient, FollowsNoRedirect) {
  ScriptedServer elsewhere([](const std::string&) { return http_answer("200 OK", "secret"); });
  ScriptedServer server([&elsewhere](const std::string&) {
    return http_answer("302 Found", "", "Location: " + elsewhere.url() + "\r\n");
  });

  const auto answer = fetch({.url = server.url()});

  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 302);
  EXPECT_TRUE(elsewhere.requests().empty());
  EXPECT_EQ(count("http_error"), 1U);
}

TEST_F(EgressClient, CallsHttpsUrlsOnly) {
  options_.plain_http_to_loopback = false;
  for (const auto* url :
       {"http://example.com/", "http://127.0.0.1/", "file:///etc/passwd", "ftp://example.com/", "/path", "",
        "https://", "https://user:secret@example.com/", "https://user@example.com/",
        "https://example.com/#part", "https://exa mple.com/", "https://example.com/\r\nX: y",
        "https://[fe80::1%25eth0]/", "https://10.0.0.1/", "https://127.0.0.1/", "https://0x7f.1/",
        "https://169.254.169.254/latest/", "https://[::]/"}) {
    const auto checked = client().check_url(url);
    ASSERT_FALSE(checked.has_value()) << url;
    EXPECT_EQ(checked.error().code, Errc::invalid_argument) << url;
    EXPECT_EQ(refusal(url), Errc::invalid_argument) << url;
  }
  EXPECT_TRUE(client().check_url("https://id.example.com:8443/keys?a=b").has_value());
}

TEST_F(EgressClient, PlainHttpIsForLoopbackAddressesAlone) {
  for (const auto* url : {"http://example.com/", "http://localhost/", "http://10.0.0.1/"})
    EXPECT_FALSE(client().check_url(url).has_value()) << url;
  EXPECT_TRUE(client().check_url("http://[::1]:8080/").has_value());
}

TEST_F(EgressClient, PlainHttpNeedsItsOption) {
  options_.plain_http_to_loopback = false;
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); });

  EXPECT_EQ(refusal(server.url()), Errc::invalid_argument);
  EXPECT_TRUE(server.requests().empty());
}

// `localhost` is a name that leads to a private place: the text of the URL does not tell.
TEST_F(EgressClient, JudgesTheAddressThatANameLeadsTo) {
  options_.plain_http_to_loopback = false;
  const togglecast::testing::TemporaryFolder folder;
  const auto files = test::make_certificate(folder.path(), "server");
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", "inside"); }, &files);
  options_.ca_file = files.certificate;

  const auto answer = fetch({.url = server.url()});

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Errc::forbidden);
  EXPECT_NE(answer.error().message.find("--egress-allow"), std::string::npos) << answer.error().message;
  EXPECT_TRUE(server.requests().empty());
  EXPECT_EQ(count("refused"), 1U);
}

TEST_F(EgressClient, TrustsTheCertificateOfItsCaFileAndNoOther) {
  options_.addresses = AddressPolicy::with({"127.0.0.1", "::1"}).value();
  const togglecast::testing::TemporaryFolder folder;
  const auto good = test::make_certificate(folder.path(), "good");
  const auto other = test::make_certificate(folder.path(), "other");
  const auto script = [](const std::string&) { return http_answer("200 OK", "hello"); };
  ScriptedServer trusted(script, &good);
  ScriptedServer stranger(script, &other);
  options_.ca_file = good.certificate;

  const auto answer = fetch({.url = trusted.url()});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(refusal(stranger.url()), Errc::unavailable);
  EXPECT_TRUE(stranger.requests().empty());
}

TEST_F(EgressClient, RefusesACertificateOfAnotherName) {
  options_.addresses = AddressPolicy::with({"127.0.0.1", "::1"}).value();
  const togglecast::testing::TemporaryFolder folder;
  const auto files = test::make_certificate(folder.path(), "server", {.name = "id.example.com"});
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); }, &files);
  options_.ca_file = files.certificate;

  EXPECT_EQ(refusal(server.url()), Errc::unavailable);
}

TEST_F(EgressClient, ReadsNoMoreThanItsLimit) {
  options_.max_body = 1'000;
  ScriptedServer told([](const std::string&) { return http_answer("200 OK", std::string(2'000, 'x')); });
  ScriptedServer untold([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(2'000, 'x');
  });
  ScriptedServer headers([](const std::string&) {
    return http_answer("200 OK", "", "X: " + std::string(40'000, 'x') + "\r\n");
  });

  EXPECT_EQ(refusal(told.url()), Errc::payload_too_large);
  EXPECT_EQ(refusal(untold.url()), Errc::payload_too_large);
  EXPECT_EQ(refusal(headers.url()), Errc::payload_too_large);
  EXPECT_EQ(count("too_large"), 3U);
}

TEST_F(EgressClient, RefusesHeadersThatWouldAddOthers) {
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); });

  const auto answer = fetch({.url = server.url(), .headers = {{"X", "a\r\nHost: other"}}});

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Errc::invalid_argument);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(EgressClient, GivesUpAServerThatSaysNothing) {
  options_.total_timeout = Milliseconds{200};
  ScriptedServer server([](const std::string&) { return std::string(); });

  EXPECT_EQ(refusal(server.url()), Errc::timeout);
  EXPECT_EQ(count("timeout"), 1U);
}

TEST_F(EgressClient, StopsWhileAFetchHangs) {
  ScriptedServer server([](const std::string&) { return std::string(); });
  options_.total_timeout = std::chrono::hours{1};
  client().fetch({.url = server.url()}, [this](Result<Response> answer) { answers_.put(std::move(answer)); });
  ASSERT_TRUE(test::eventually([&] { return server.requests().size() == 1; }));

  client().stop();

  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_.take()->error().code, Errc::unavailable);
  EXPECT_EQ(refusal(server.url()), Errc::unavailable) << "after the stop, within the call";
}

TEST_F(EgressClient, LeavesAServerAloneThatFails) {
  options_.breaker = {.failures = 2, .first = Milliseconds{5'000}, .longest = Milliseconds{60'000}};
  ScriptedServer server([](const std::string&) { return http_answer("500 Oops", ""); });
  EXPECT_EQ(fetch({.url = server.url()})->status, 500);
  EXPECT_EQ(fetch({.url = server.url()})->status, 500);

  const auto answer = fetch({.url = server.url()});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_EQ(answer.error().retry_after, std::chrono::seconds{5});
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(count("breaker_open"), 1U);

  server.script([](const std::string&) { return http_answer("200 OK", "back"); });
  clock_.advance(Milliseconds{5'000});
  EXPECT_EQ(fetch({.url = server.url()})->body, "back");
  EXPECT_EQ(fetch({.url = server.url()})->body, "back");
}

TEST_F(EgressClient, OneServerThatFailsLeavesTheOthersAlone) {
  options_.breaker.failures = 1;
  ScriptedServer bad([](const std::string&) { return http_answer("503 Away", ""); });
  ScriptedServer good([](const std::string&) { return http_answer("200 OK", ""); });
  (void)fetch({.url = bad.url()});

  EXPECT_EQ(refusal(bad.url()), Errc::unavailable);
  EXPECT_TRUE(fetch({.url = good.url()}).has_value());
}

TEST_F(EgressClient, CallsAServerOnlySoOften) {
  options_.per_host = {1, 2};
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); });
  EXPECT_TRUE(fetch({.url = server.url()}).has_value());
  EXPECT_TRUE(fetch({.url = server.url()}).has_value());

  EXPECT_EQ(refusal(server.url()), Errc::rate_limited);
  clock_.advance(Milliseconds{1'000});
  EXPECT_TRUE(fetch({.url = server.url()}).has_value());
}

TEST_F(EgressClient, FetchesSideBySideUpToItsLimit) {
  options_.at_once = 2;
  options_.waiting = 2;
  std::atomic<bool> go{false};
  ScriptedServer server([&go](const std::string&) {
    EXPECT_TRUE(test::eventually([&] { return go.load(); }));
    return http_answer("200 OK", "");
  });
  const auto put = [this](Result<Response> answer) { answers_.put(std::move(answer)); };
  for (int i = 0; i < 2; ++i) client().fetch({.url = server.url()}, put);
  ASSERT_TRUE(test::eventually([&] { return server.requests().size() == 2; }));
  for (int i = 0; i < 3; ++i) client().fetch({.url = server.url()}, put);

  ASSERT_EQ(answers_.size(), 1U) << "the last one found no place";
  EXPECT_EQ(answers_.take()->error().code, Errc::unavailable);
  EXPECT_EQ(server.requests().size(), 2U);
  go = true;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(answers_.take()->has_value());
}

TEST_F(EgressClient, SlowServersOfOnePurposeHoldUpNoOther) {
  options_.at_once = 3;
  options_.of_one_purpose = 2;
  options_.total_timeout = std::chrono::hours{1};
  ScriptedServer slow([](const std::string&) { return std::string(); });
  ScriptedServer quick([](const std::string&) { return http_answer("200 OK", ""); });
  const auto put = [this](Result<Response> answer) { answers_.put(std::move(answer)); };
  for (int i = 0; i < 3; ++i) client().fetch({.url = slow.url()}, put);
  ASSERT_TRUE(test::eventually([&] { return slow.requests().size() == 2; }));

  const auto answer = fetch({.url = quick.url(), .purpose = Purpose::openid_connect});

  EXPECT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(slow.requests().size(), 2U) << "the third one waits";
  client().stop();
  EXPECT_EQ(answers_.size(), 3U);
}

TEST_F(EgressClient, AsksTheProxyAndNotTheServer) {
  ScriptedServer proxy([](const std::string&) { return http_answer("200 OK", "by proxy"); });
  options_.proxy = proxy.url();

  const auto answer = fetch({.url = "http://127.0.0.1:9/keys"});

  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->body, "by proxy");
  EXPECT_TRUE(proxy.requests().at(0).starts_with("GET http://127.0.0.1:9/keys HTTP/1.1\r\n"));
}

TEST_F(EgressClient, AnAnswerMayAskAgain) {
  ScriptedServer server([](const std::string&) { return http_answer("200 OK", ""); });
  client().fetch({.url = server.url()}, [&](const Result<Response>&) {
    client().fetch({.url = server.url()},
                   [this](Result<Response> second) { answers_.put(std::move(second)); });
  });

  EXPECT_TRUE(answers_.take()->has_value());
}

}  // namespace
}  // namespace togglecast::egress
