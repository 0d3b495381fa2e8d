//! A sandbox in a runtime of its own, and a small client that shows status, headers and body as they came.

use std::io::{Read, Write};
use std::net::TcpStream;

use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use ureq::Agent;
use ureq::http::Response;

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) agent: Agent,
    // Last, so that it outlives the sandbox.
    pub(crate) runtime: Runtime,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn reply(mut response: Response<ureq::Body>) -> Reply {
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string().unwrap(),
    }
}

impl Bench {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(1, "127.0.0.1:0".parse().unwrap())).unwrap();
        let agent = Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build());
        Self { sandbox, agent, runtime }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Reply {
        let request = self.agent.get(self.url(path)).header("Authorization", format!("Bearer {token}"));
        reply(request.call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.try_post(path, body).unwrap()
    }

    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Result<Reply, ureq::Error> {
        self.agent.post(self.url(path)).send_json(body).map(reply)
    }

    pub(crate) fn form(&self, fields: &[(&str, &str)]) -> Reply {
        self.form_to("/services/oauth2/token", fields)
    }

    pub(crate) fn form_to(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        reply(self.agent.post(self.url(path)).send_form(fields.iter().copied()).unwrap())
    }

    /// A JSON body with any method and headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let request = ureq::http::Request::builder().method(method).uri(self.url(path));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.header("Content-Type", "application/json").body(body.to_string()).unwrap();
        reply(self.agent.run(request).unwrap())
    }

    /// A Salesforce session.
    pub(crate) fn session(&self) -> String {
        let secret = self.sandbox.salesforce.secret();
        let reply = self.form(&[
            ("grant_type", "client_credentials"),
            ("client_id", secret["client_id"].as_str().unwrap()),
            ("client_secret", secret["client_secret"].as_str().unwrap()),
        ]);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A SOQL query's first page.
    pub(crate) fn query(&self, session: &str, soql: &str) -> Reply {
        let request = self.agent.get(self.url("/services/data/v66.0/query")).query("q", soql);
        reply(request.header("Authorization", format!("Bearer {session}")).call().unwrap())
    }

    pub(crate) fn utoken(&self) -> String {
        let secret = &self.sandbox.yotpo.secret(&[("default", "sandbox-default")])["stores"]["default"];
        let body = json!({
            "client_id": secret["app_key"], "client_secret": secret["secret_key"], "grant_type": "client_credentials",
        });
        self.post("/oauth/token", &body).json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Posts a purchase that is in order, under this id.
    pub(crate) fn purchase(&self, utoken: &str, order_id: &str) -> Result<Reply, ureq::Error> {
        self.try_post("/apps/sandbox-default/purchases", &purchase(&self.today(), utoken, order_id))
    }

    pub(crate) fn today(&self) -> String {
        self.sandbox.now().date_naive().to_string()
    }

    /// Sends bytes, and returns what comes back until the connection ends, or the error that ends it.
    pub(crate) fn raw(&self, request: &str) -> std::io::Result<String> {
        let host = self.sandbox.base_url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

pub(crate) fn purchase(day: &str, utoken: &str, order_id: &str) -> Value {
    json!({
        "utoken": utoken, "email": "buyer@example.com", "customer_name": "A Buyer", "order_id": order_id,
        "order_date": day, "platform": "general", "currency_iso": "USD", "validate_data": true,
        "products": {"A-1": {"name": "A", "url": "https://shop.example.com/a"}, "B_2": {"name": "B"}},
    })
}
