-- Gives the names of 10.0.0.0/{{.Bits}} their addresses.
local zone = newDN("lab.example.org")
local soa = {type = pdns.SOA, name = zone, content = "ns.example.net. hostmaster.example.net. 1 7200 1800 86400 3600", ttl = 3600}

function dns_lookup(qtype, qname, domain_id, ctx)
	local wanted = qtype:getCode()
	if qname == zone and (wanted == pdns.SOA or wanted == pdns.ANY) then
		return {soa}
	end
	local b, c, d = qname:toString():match("^ip%-10%-(%d+)%-(%d+)%-(%d+)%.lab%.example%.org%.$")
	if b and (wanted == pdns.A or wanted == pdns.ANY) then
		return {{"{{"}}type = pdns.A, name = qname, content = "10." .. b .. "." .. c .. "." .. d, ttl = 3600{{"}}"}}
	end
	return {}
end

function dns_get_all_domains()
	return {}
end
