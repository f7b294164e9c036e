{"id":0,"fn":"run_id.mint","args":{"entropy":10494410487,"parent":"RID-1KXTR9ZJ8000001","process_id":"","root_id":"RID-0ROOT","ts_ms":25542704678861}}
{"id":1,"fn":"run_id.mint","args":{"entropy":11993383466,"parent":null,"process_id":"fanout","root_id":null,"ts_ms":11361594351630}}
{"id":2,"fn":"run_id.mint","args":{"entropy":8218492426,"parent":null,"process_id":"","root_id":null,"ts_ms":409857965549}}
